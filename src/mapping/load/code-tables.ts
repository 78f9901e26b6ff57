// Expands code tables (`let: { flag: { element, system, table } }`), which have a row for each code and a column for each field, into the choice of the element,
// the `reads:` of each field, and the codes of a search.
import { formatSuggestion } from '../../fhir/closest-name.ts';
import type { Report } from '../diagnostics.ts';
import type { CodeTableSpec, FieldSpec, MappingFile, MappingFileField, MappingFileLet, MappingSpec } from '../spec.ts';

type LetSpec = NonNullable<MappingSpec['let']>[string];
type LetTables = Readonly<Record<string, CodeTableSpec>>;

/** The mapping with its tables expanded; mistakes are reported. */
export function expandCodeTables({ let: lets = {}, fields, only, ...rest }: MappingFile, fault: Report): MappingSpec {
  const named = Object.entries(lets).flatMap(([name, spec]) => (isCodeTable(spec) ? [[name, spec] as const] : []));
  const tables: LetTables = Object.fromEntries(named);
  const expanded = expandFields(fields, tables, { keys: ['fields'], fault });
  for (const [name, table] of named) checkColumns(name, table, { fields, fault });
  return {
    ...rest,
    ...(Object.keys(lets).length && {
      let: Object.fromEntries(
        Object.entries(lets).map(([name, spec]): [string, LetSpec] => [name, isCodeTable(spec) ? toElementChoice(spec) : spec]),
      ),
    }),
    fields: expanded,
    ...(only !== undefined && { only: only.replace(/\{(\w+)\}/g, (found, name: string) => listCodes(tables[name]) ?? found) }),
  };
}

const isCodeTable = (spec: MappingFileLet): spec is CodeTableSpec => typeof spec === 'object' && 'table' in spec;

/** Chooses the element whose code comes first in the table. */
const toElementChoice = ({ element, system, table }: CodeTableSpec): { first: string[]; elementHas: string } => ({
  first: Object.keys(table).map((code) => `${element}.where(coding.where(system=%${system} and code='${code}').exists())`),
  elementHas: `coding.where(system=%${system}).code`,
});

/** All codes of a table, as values of a search. */
const listCodes = (spec: CodeTableSpec | undefined): string | undefined =>
  spec &&
  Object.keys(spec.table)
    .map((code) => `%${spec.system}|${code}`)
    .join(',');

interface ExpandContext {
  keys: string[];
  fault: Report;
}

function expandFields(
  fields: Record<string, MappingFileField>,
  tables: LetTables,
  { keys, fault }: ExpandContext,
): Record<string, FieldSpec> {
  const entries = Object.entries(fields).map(([name, { table, fields: inner, ...rest }]): [string, FieldSpec] => {
    const at = [...keys, name];
    const expandedInner = inner && { fields: expandFields(inner, tables, { keys: [...at, 'fields'], fault }) };
    if (table === undefined) return [name, { ...rest, ...expandedInner }];
    const spec = Object.hasOwn(tables, table) ? tables[table] : undefined;
    if (!spec) fault([...at, 'table'], new Error(`there is no table ${table} in let${formatSuggestion(table, Object.keys(tables))}`));
    return [name, { ...rest, ...(spec ? toColumn(spec, table, name) : { fhir: 'id' }) }];
  });
  return Object.fromEntries(entries);
}

const toColumn = ({ system, table }: CodeTableSpec, name: string, column: string): Pick<FieldSpec, 'fhir' | 'reads'> => ({
  fhir: `%${name}.coding.where(system=%${system}).code`,
  reads: Object.fromEntries(Object.entries(table).map(([code, row]) => [code, row[column] ?? ''])),
});

/** Every row must have exactly the columns of the fields. */
function checkColumns(
  name: string,
  { table }: CodeTableSpec,
  { fields, fault }: { fields: Record<string, MappingFileField>; fault: Report },
): void {
  const columns = Object.entries(fields).flatMap(([field, spec]) => (spec.table === name ? [field] : []));
  for (const [code, row] of Object.entries(table)) {
    const missing = columns.find((column) => !(column in row));
    const extra = Object.keys(row).find((column) => !columns.includes(column));
    const keys = ['let', name, 'table', code];
    if (missing !== undefined) fault(keys, new Error(`the row has no ${missing}: write the value that the field shows for ${code}`));
    if (extra !== undefined)
      fault(
        [...keys, extra],
        new Error(`no field ${extra} has table: ${name}${formatSuggestion(extra, columns)}: add it there, or leave it out`),
      );
  }
}
