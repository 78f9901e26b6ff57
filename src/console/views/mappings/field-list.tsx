// The fields of a shape: where each is in FHIR, what finds it, its codes, and its line in the file.
import type { Code, ExplainedField } from '../../api/mapping-types.ts';
import { Badge } from '../../components/badge.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { toHref } from '../../router.ts';

export const FieldList = ({ fields }: { fields: ExplainedField[] }) => (
  <section class="panel" aria-label="Fields">
    <Table caption="Fields of the shape" columns={COLUMNS} rows={fields} keyOf={({ name }) => name} />
  </section>
);

const COLUMNS: Column<ExplainedField>[] = [
  { title: 'Field', cell: (field) => <FieldName field={field} /> },
  { title: 'Where in FHIR', cell: ({ paths }) => <PathList paths={paths} /> },
  { title: 'Found by', cell: ({ foundBy = [] }) => <NameList names={foundBy} /> },
  { title: 'Line', cell: ({ mapping }) => <LineLink mapping={mapping} /> },
];

const ACCESS: Readonly<Record<ExplainedField['access'], string | undefined>> = {
  'read-write': undefined,
  read: 'read only',
  write: 'in requests only',
  create: 'set at creation',
  update: 'set by changes',
};

const FieldName = ({ field: { name, type, format, codec, access, required, codes } }: { field: ExplainedField }) => (
  <div class="field-name">
    <code>{name}</code>
    <span class="row">
      <span class="quiet">{[type, format ?? codec].filter(Boolean).join(', ')}</span>
      {required && <Badge tone="warn">required</Badge>}
      {ACCESS[access] !== undefined && <Badge>{ACCESS[access]}</Badge>}
    </span>
    {codes.length > 0 && <Codes field={name} codes={codes} />}
  </div>
);

const PathList = ({ paths }: { paths: string[] }) => (
  <ol class="paths">
    {paths.map((path) => (
      <li key={path}>
        <code>{path}</code>
      </li>
    ))}
  </ol>
);

const NameList = ({ names }: { names: string[] }) =>
  names.length ? (
    <span class="names">
      {names.map((name) => (
        <code key={name}>{name}</code>
      ))}
    </span>
  ) : (
    <span class="quiet">–</span>
  );

const KEPT = ['synonym', 'other'];

const Codes = ({ field, codes }: { field: string; codes: Code[] }) => (
  <details class="codes">
    <summary>
      {codes.length} {codes.length === 1 ? 'code' : 'codes'}
      <span class="unseen"> of {field}</span>
    </summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Vendor</th>
          <th scope="col">FHIR</th>
        </tr>
      </thead>
      <tbody>
        {codes.map(({ word, code, use }, at) => (
          <tr key={at}>
            <td>
              {word === undefined ? <span class="quiet">any other word</span> : <code>{word}</code>}
              {KEPT.includes(use) && ' *'}
            </td>
            <td>
              {code === undefined ? <span class="quiet">as it is</span> : <code>{code}</code>}
              {use === 'read' && ' †'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    {codes.some(({ use }) => KEPT.includes(use)) && <p class="quiet">* The word is kept beside the code.</p>}
    {codes.some(({ use }) => use === 'read') && <p class="quiet">† Read, and not written.</p>}
  </details>
);

/** The line may be in the file of another shape, which this one takes over. */
export function LineLink({ mapping }: { mapping: string }) {
  const [, surface = '', shape = '', line = ''] = /^(.*)\/(.*)\.yaml:(\d+)$/.exec(mapping) ?? [];
  return (
    <a href={toHref(`/mappings/${surface}/${shape}?tab=source&line=${line}`)} aria-label={`Line ${line} of ${surface}/${shape}.yaml`}>
      {line}
    </a>
  );
}
