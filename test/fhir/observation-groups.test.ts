// The groups of $lastn, by the table of its definition. https://hl7.org/fhir/R4/observation-operation-lastn.html
import { groupCodes } from '../../src/fhir/observation-groups.ts';

const coded = (...codes: string[]) => ({ coding: codes.map((code) => ({ system: 'urn:a', code })) });
const text = (value: string) => ({ text: value });
const countGroups = (codes: object[]): number => new Set(groupCodes(codes)).size;

test.each<[string, object[], number]>([
  ['three codes', [coded('a'), coded('b'), coded('c')], 3],
  ['a, b, and a with c', [coded('a'), coded('b'), coded('a', 'c')], 2],
  ['a, b, and a with b', [coded('a'), coded('b'), coded('a', 'b')], 1],
  ['three texts', [text('textM'), text('Text'), text('t e x t')], 3],
  ['equal texts', [text('x'), text('x')], 1],
  ['a chain of translations', [coded('a', 'b'), coded('c', 'd'), coded('b', 'c'), coded('e')], 2],
  ['one code in two systems', [coded('a'), { coding: [{ system: 'urn:b', code: 'a' }] }, { coding: [{ code: 'a' }] }], 3],
  [
    'one code with different displays and texts',
    [{ ...coded('a'), text: 'x' }, { coding: [{ system: 'urn:a', code: 'a', display: 'A' }] }],
    1,
  ],
  ['a text and a code with this text', [text('a'), { ...coded('b'), text: 'a' }], 2],
])('%s', (_what, codes, groups) => {
  expect(countGroups(codes)).toBe(groups);
});
