// The query parameters of a shape's list, and the FHIR search that each is.
import type { ExplainedShape } from '../../api/mapping-types.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Table } from '../../components/table.tsx';

interface FilterListProps {
  filters: ExplainedShape['filters'];
  resource: string;
}

export const FilterList = ({ filters, resource }: FilterListProps) => (
  <section class="panel" aria-label="Searches">
    {filters.length === 0 ? (
      <EmptyState icon="search" title="This shape has no search">
        <p>A list would have its query parameters here, each with the FHIR search that it is.</p>
      </EmptyState>
    ) : (
      <>
        <p class="quiet">
          <code>{'{}'}</code> stands for the value in the request.
        </p>
        <Table
          caption="Query parameters and their FHIR searches"
          columns={[
            { title: 'Parameter', cell: ({ name }) => <code>{name}</code> },
            {
              title: `Search for ${resource}`,
              cell: ({ search }) => (
                <span class="long">
                  <code>{search}</code>
                </span>
              ),
            },
          ]}
          rows={filters}
          keyOf={({ name }) => name}
        />
      </>
    )}
  </section>
);
