// Keywords of a request that creates many items, and of derived values: mistakes are reported at the start with the remedy.
import { CODE_DERIVATIONS } from '../../src/mapping/lens/code-derivations.ts';
import { copies } from './copied-mappings.ts';

const FILE = 'loop/biomarker.yaml';

const { copyOne, loading, copied } = copies();

test.each<[what: string, change: [string, string], message: string]>([
  [
    'a field that no request says',
    ['fields: [code, name', 'fields: [code, nme'],
    'many.fields: no request has the field nme (did you mean name?)',
  ],
  ['a field that is only shown', ['fields: [code,', 'fields: [biomarker_code,'], 'many.fields: no request has the field biomarker_code'],
  ['a list by the name of a field', ['list: biomarkers', 'list: unit'], 'many.list: unit is a field of each item'],
  [
    'no number of items at most',
    ['  most: 1000', '  #'],
    "many: must have required property 'most': write most: with a whole number from 1",
  ],
  ['more at least than at most', ['most: 1000 ', 'least: 9\n  most: 8 '], 'many.most: 8 is less than least (9)'],
  [
    'items told apart by a field there is not',
    ['source, code, value', 'source, cod, value'],
    'many.identity: no request has the field cod (did you mean code?)',
  ],
  ['no create', ['interactions: [create]', 'interactions: [read]'], 'many: it is for a create: add create to interactions'],
  [
    'a search for each item',
    ['many:', 'into: "code={code}"\nmany:'],
    'into: into: cannot be combined with many: many.identity defines which items are the same',
  ],
  [
    'another spelling of a field',
    ['source:          { fhir', 'source:          { shares: name, fhir'],
    'fields.source.shares: shares: cannot be combined with many:',
  ],
  [
    'a rule that there is not',
    ['as: interpretation,', 'as: interpretaton,'],
    'there is no derivation interpretaton (did you mean interpretation?); there is interpretation',
  ],
  ['a part that is missing', ['value: value, low:', 'low:'], 'interpretation has the parts value, low, high: value is missing'],
  [
    'a part that is no field',
    ['low: reference_low,', 'low: reference_lo,'],
    'there is no field reference_lo (did you mean reference_low?)',
  ],
  [
    'a value that is changed afterwards',
    ['interactions: [create]', 'interactions: [create, update]'],
    'fields.status.follows: the code is derived when an item is created',
  ],
  [
    'a code FHIR does not have',
    ["    fhir: '%quantity.unit'", "    reads: { '<<': less }\n    fhir: '%quantity.comparator'"],
    '<< is not a code that FHIR allows here',
  ],
  ['two tables', ['reads: {', 'codes: { a: N }\n    reads: {'], 'reads: is a table of its own'],
  [
    'a table there is not',
    ['table(units)', 'table(unit)'],
    'there is no derivation table(unit); there are personName, upper, table(units)',
  ],
  [
    'both a value and a place',
    ["copyOf: '%quantity.unit',", "value: x, copyOf: '%quantity.unit',"],
    'also.3: needs what is written: value: with a text, or copyOf: with a path',
  ],
  [
    'a place of another type',
    ["copyOf: '%quantity.unit',", "copyOf: '%quantity.value',"],
    'also.3.copyOf: it leads to a decimal, and this is of type string',
  ],
  [
    'a null where a value is required',
    ['type: number, required: true', 'type: number, nullable: true, required: true'],
    'nullable: is for a field that a request may leave out',
  ],
])('%s', (_what, change, error) => {
  copyOne(FILE);
  const message = loading(FILE, change);
  expect(message).toContain(`${copied(FILE)}:`);
  expect(message).toContain(error);
});

test('a missing or invalid table of texts is reported for the surface', () => {
  copyOne(FILE);
  expect(loading('loop/surface.yaml', ['units.yaml', 'unit.yaml'])).toContain('tables.units: ENOENT');
  expect(loading('loop/surface.yaml', ['unit.yaml', 'biomarker.yaml'])).toMatch(
    /tables\.units: .* is not a table: write a line text: code for each text/,
  );
});

const raw = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);

test.each<[value: unknown, low: unknown, high: unknown, code: string | undefined]>([
  [5, 4, 6, 'N'],
  [4, 4, 6, 'N'],
  [6, 4, 6, 'N'],
  [3.9, 4, 6, 'L'],
  [6.1, 4, 6, 'H'],
  [6.1, null, 6, 'H'],
  [6.1, 4, undefined, 'N'],
  [-0.5, 0, null, 'L'],
  [5, null, null, undefined],
  [null, 4, 6, undefined],
  [raw('4.0'), raw('4.00'), 6, 'N'],
  [raw('0.30000000000000000001'), 0, 0.3, 'H'],
  [raw('1e-7'), raw('0.0000001'), null, 'N'],
  [1e21, null, raw('1000000000000000000001'), 'N'],
])('%p in a range from %p to %p is %p', (value, low, high, code) => {
  expect(CODE_DERIVATIONS.interpretation!.derive({ value, low, high })).toBe(code);
});
