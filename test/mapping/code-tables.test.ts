// A table of codes in a mapping: one line for each code contains the values of all fields. A mistake is reported with its position.
import { copies } from './copied-mappings.ts';
import { shapes } from './examples.ts';

const FLAG = 'loop/red-flag.yaml';
const { copyOne, loading, copied } = copies();

test('a code that one line of the mapping names is used in the search, the order of elements and the table of every field', () => {
  const { content } = shapes.find(({ shape }) => shape.name === 'red-flag')!.mapping;
  const { flag } = content.let as Record<string, { first: string[] }>;
  expect(flag!.first[0]).toBe("interpretation.where(coding.where(system=%interpretation and code='AA').exists())");
  expect(content.only).toMatch(/^interpretation=%interpretation\|AA,%interpretation\|HH,/);
  expect([content.fields.rule_id!.reads!.AA, content.fields.severity!.reads!.AA]).toEqual(['critical', 'urgent']);
  expect(flag!.first).toHaveLength(Object.keys(content.fields.rule_name!.reads!).length);
});

test.each<[what: string, change: [string, string], message: string]>([
  [
    'a table that there is not',
    ['rule_id:         { table: flag,', 'rule_id:         { table: flags,'],
    'fields.rule_id.table: there is no table flags in let (did you mean flag?)',
  ],
  [
    'a code that does not say a field',
    ['rule_id: abnormal,', ''],
    'let.flag.table.A: the row has no rule_id: write the value that the field shows for A',
  ],
  [
    'a field that shows nothing of a table',
    ['severity: urgent }', 'severity: urgent, sevrity: warn }'],
    'let.flag.table.AA.sevrity: no field sevrity has table: flag (did you mean severity?): add it there, or leave it out',
  ],
  [
    'codes of a table by another name',
    ['interpretation={flag}', 'interpretation={flags}'],
    'only: {flags} is not a time: write {now}, or {in30days}',
  ],
  [
    'a table without its element',
    ['    element: interpretation\n', ''],
    "let.flag: must have required property 'element': write element: with a text",
  ],
  ['a place beside a table', ['{ table: flag, enum', '{ table: flag, fhir: id, enum'], 'fields.severity: needs exactly one place'],
])('%s', (_what, change, error) => {
  copyOne(FLAG);
  const message = loading(FLAG, change);
  expect(message).toContain(`${copied(FLAG)}:`);
  expect(message).toContain(error);
});
