// The fields that a search has found, by vendor; and the vendors that have none.
import type { Surface } from '../../api/mapping-types.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { toHref } from '../../router.ts';
import type { FoundField } from './find-fields.ts';

interface FoundFieldsProps {
  surfaces: Surface[];
  text: string;
  found: FoundField[];
}

export function FoundFields({ surfaces, text, found }: FoundFieldsProps) {
  const showing = surfaces.filter(({ surface }) => found.some((field) => field.surface === surface));
  const others = surfaces.filter((surface) => !showing.includes(surface));
  return (
    <section class="panel" aria-label="Found fields">
      <p role="status">
        {found.length === 0
          ? 'Nothing found.'
          : `${joinNames(showing)} ${showing.length === 1 ? 'shows' : 'show'} it: ${countFields(found)}.`}
        {found.length > 0 && others.length > 0 && ` Not shown by ${joinNames(others)}.`}
      </p>
      {found.length === 0 ? <NothingFound text={text} /> : <Table caption="Fields" columns={COLUMNS} rows={found} keyOf={toKey} />}
    </section>
  );
}

const COLUMNS: Column<FoundField>[] = [
  { title: 'Vendor', cell: ({ surface, title }) => <a href={toHref(`/mappings/${surface}`)}>{title}</a> },
  { title: 'Shape', cell: ({ surface, shape }) => <a href={toHref(`/mappings/${surface}/${shape}`)}>{shape}</a> },
  { title: 'Field', cell: ({ field }) => <code>{field}</code> },
  {
    title: 'Element in FHIR',
    cell: ({ element }) => (element === undefined ? <span class="quiet">found by its name</span> : <code>{element}</code>),
  },
];

const toKey = ({ surface, shape, field }: FoundField): string => `${surface}/${shape} ${field}`;

const joinNames = (surfaces: Surface[]): string => new Intl.ListFormat('en').format(surfaces.map(({ title }) => title));

function countFields(found: FoundField[]): string {
  const shapes = new Set(found.map(({ surface, shape }) => `${surface}/${shape}`)).size;
  return `${found.length} ${found.length === 1 ? 'field' : 'fields'} in ${shapes} ${shapes === 1 ? 'shape' : 'shapes'}`;
}

const NothingFound = ({ text }: { text: string }) => (
  <EmptyState icon="search" title={`No shape shows ${text}`}>
    <p>
      An element that no vendor shows is kept in FHIR. Write a type and an element (<code>Patient.maritalStatus</code>), an element of any
      type (<code>telecom.value</code>), or a part of a field’s name.
    </p>
  </EmptyState>
);
