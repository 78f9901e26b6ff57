// What a resource refers to and what refers to it, as a small graph and as a list.
import { ApiError } from '../../api/api-error.ts';
import { search } from '../../api/fhir.ts';
import type { ReadOptions } from '../../api/request.ts';
import { useRequest } from '../../api/use-request.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { Table } from '../../components/table.tsx';
import { toHref } from '../../router.ts';
import type { ViewProps } from '../view.ts';
import './faces.css';
import { parseExact } from '../../api/exact-json.ts';
import { ReferenceGraph } from './reference-graph.tsx';
import { groupNodes, listReferences, type ReferenceEnd } from './reference-list.ts';
import { ResourceHeader } from './resource-header.tsx';

/** More would slow the page down. */
const MOST_ROWS = 200;

interface References {
  outgoing: ReferenceEnd[];
  incoming: ReferenceEnd[];
}

export function View({ params: { type = '', id = '' } }: ViewProps) {
  const request = useRequest([type, id], (options) => readReferences(type, id, options));
  return (
    <>
      <ResourceHeader type={type} id={id} current="references" />
      <RequestView request={request} title="Read the references" lines={6}>
        {(references) => <Shown own={`${type}/${id}`} {...references} />}
      </RequestView>
    </>
  );
}

/** One search by POST reads the resource and all that refer to it. https://hl7.org/fhir/R4/search.html#revinclude */
async function readReferences(type: string, id: string, options: ReadOptions): Promise<References> {
  const own = `${type}/${id}`;
  const { body } = await search(
    type,
    [
      ['_id', id],
      ['_revinclude', '*'],
    ],
    options,
  );
  const resources = (body.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : []));
  const listEnds = (resource: object): ReferenceEnd[] => listReferences(parseExact(JSON.stringify(resource)).value);
  const self = resources.find((resource) => resource.resourceType === type && resource.id === id);
  if (!self) throw new ApiError(404, [{ text: `there is no ${own}` }]);
  const incoming = resources.flatMap((resource): ReferenceEnd[] => {
    const paths = resource === self ? [] : listEnds(resource).flatMap((end) => (end.target === own ? end.paths : []));
    return paths.length ? [{ target: `${resource.resourceType}/${resource.id}`, paths }] : [];
  });
  return { outgoing: listEnds(self), incoming };
}

function Shown({ own, outgoing, incoming }: References & { own: string }) {
  if (outgoing.length + incoming.length === 0)
    return (
      <EmptyState icon="info" title="It stands alone">
        <p>It refers to no other resource, and none that you may read refers to it.</p>
      </EmptyState>
    );
  const rows = [
    ...incoming.map((end) => ({ ...end, direction: 'refers to this' })),
    ...outgoing.map((end) => ({ ...end, direction: 'is referred to' })),
  ];
  return (
    <div class="resource-view">
      <section class="panel" aria-label="Graph">
        <ReferenceGraph own={own} incoming={groupNodes(incoming)} outgoing={groupNodes(outgoing)} />
      </section>
      <section class="panel" aria-labelledby="all-references">
        <h2 id="all-references">All references</h2>
        <Table
          caption="References"
          rows={rows.slice(0, MOST_ROWS)}
          keyOf={({ direction, target }) => `${direction} ${target}`}
          columns={[
            { title: 'Resource', cell: ({ target }) => <a href={toHref(`/${target}`)}>{target}</a> },
            { title: 'Direction', cell: ({ direction }) => direction },
            { title: 'Element', cell: ({ paths }) => <code>{paths.join(', ')}</code> },
          ]}
        />
        {rows.length > MOST_ROWS && (
          <p class="quiet">
            {rows.length - MOST_ROWS} more are not listed. <a href={toHref('/explorer')}>Search for them in the explorer.</a>
          </p>
        )}
      </section>
    </div>
  );
}
