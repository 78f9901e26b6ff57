// Mappings without an endpoint: values are written into resources, and a mistake in the file is reported with its position.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { loadInboundMapping } from '../../src/mapping/load/inbound-mapping.ts';

const directory = mkdtempSync(join(tmpdir(), 'facet-inward-'));
afterAll(() => rmSync(directory, { recursive: true }));
const profiles = loadProfiles('fhir-profiles');
const aliases = { loinc: 'http://loinc.org' };

function inward(text: string) {
  const file = join(directory, 'one.yaml');
  writeFileSync(file, text);
  return loadInboundMapping(file, { profiles, aliases });
}

const MARKER = `resource: Observation
given: { own: string }
fields:
  status: { fhir: status }
  loinc:  { fhir: code.coding.where(system=%loinc).code }
  code:   { fhir: code.coding.where(system=%own).code }
  number: { fhir: value.ofType(Quantity).value, type: number }
  text:   { fhir: value.ofType(string) }
  kind:   { fhir: method.text, codes: { a: alpha } }
also:
  - { fhir: category.first().text, value: laboratory }
`;

test('a value is written to the path of its field; a missing value is removed, and foreign elements stay', () => {
  const { write, fields } = inward(MARKER);
  expect(fields).toEqual(['status', 'loinc', 'code', 'number', 'text', 'kind']);
  const first = write({ status: 'final', loinc: '3016-3', code: '899', number: 2 }, undefined, { own: 'urn:lab' });
  expect(first).toEqual({
    resourceType: 'Observation',
    status: 'final',
    code: {
      coding: [
        { system: 'http://loinc.org', code: '3016-3' },
        { system: 'urn:lab', code: '899' },
      ],
    },
    valueQuantity: { value: 2 },
    category: [{ text: 'laboratory' }],
  });
  const second = write({ number: undefined, text: 'none' }, { ...first, note: [{ text: 'seen' }] }, { own: 'urn:lab' });
  expect(second).toEqual({ ...first, valueQuantity: undefined, valueString: 'none', note: [{ text: 'seen' }] });
});

test('an element that is found by another value in it is found again: two writes create it once', () => {
  const { write } = inward(`resource: Observation
fields:
  remark: { fhir: note.where(author.ofType(string)='laboratory').text }
`);
  const first = write({ remark: 'seen' }, undefined);
  expect(first).toEqual({ resourceType: 'Observation', note: [{ authorString: 'laboratory', text: 'seen' }] });
  expect(write({ remark: 'seen' }, first)).toEqual(first);
  expect(write({ remark: 'seen again' }, first).note).toEqual([{ authorString: 'laboratory', text: 'seen again' }]);
});

test('a word outside the table is not stored', () => {
  const { write } = inward(MARKER);
  expect([write({ kind: 'a' }, undefined).method, write({ kind: 'b' }, undefined).method]).toEqual([{ text: 'alpha' }, undefined]);
});

test.each([
  [MARKER.replace('fhir: status', 'fhir: staus'), /one\.yaml:4 fields\.status/],
  [MARKER.replace('given:', 'givn:'), /one\.yaml.*givn/],
  [MARKER.replace('%loinc', '%lonic'), /one\.yaml:5 fields\.loinc/],
  [MARKER.replace('fhir: method.text', 'fhir: component.code.text'), /component repeats/],
  ['resource: [', /one\.yaml:1/],
])('a mistake is reported with its position', (text, message) => {
  expect(() => inward(text)).toThrow(message);
});
