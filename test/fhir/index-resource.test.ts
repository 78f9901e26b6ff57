// The index rows of a resource, and that a resource is found by its values.

import { aliasHash, hash } from '../../src/fhir/hash.ts';
import { findQuantityScale } from '../../src/fhir/indexing/number-rows.ts';
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import type { IndexRows, StringRow } from '../../src/fhir/indexing/rows.ts';
import { highBit, lowBit } from '../../src/fhir/indexing/shared-texts.ts';
import { hashCode, hashForm, hashSpelling, hashUnit, toSystemCodeForm } from '../../src/fhir/indexing/token.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import { type Resource, SERVED_TYPES } from '../../src/fhir/types.ts';
import { UCUM_SYSTEM } from '../../src/fhir/ucum.ts';
import fc from '../fast-check.ts';
import { randomResource } from './random-resource.ts';
import { BASE_URL, corpusOf, idsOf, REGISTRY } from './search-corpus.ts';

const numberOf = (type: string, code: string): number => REGISTRY.lookup(type, code)!.number;
const rowsOf = (resource: Resource): IndexRows => buildIndexRows(resource, REGISTRY, [], BASE_URL);

test('a resource has the hash of its type and id, and the token of its alias', () => {
  const alias = aliasHash('53fefa32-fcbb-4ff8-8a92-55ee120877b7');
  const rows = buildIndexRows({ resourceType: 'Patient', id: 'x' }, REGISTRY, [alias], BASE_URL);
  expect(rows.self).toBe(hash('Patient/x'));
  expect(rows.tokens).toContain(alias);
});

test('a name is indexed by its parts and as a whole, folded, with the hash of each part as written, and each text once but for sorting', () => {
  const rows = rowsOf({
    resourceType: 'Patient',
    id: 'x',
    name: [{ text: 'Ana María', family: 'Carreño Quiñones', given: ['Ana', 'María'] }],
  });
  const shared = REGISTRY.lookup('Patient', 'name')!.shared!.bit;
  const row = (code: string, written: string, norm: string, marks: Partial<StringRow>): StringRow => ({
    ...{ parameter: numberOf('Patient', code), norm, spelling: hashSpelling(written), low: false, high: false, infix: false },
    ...marks,
  });
  const { spelling: _none, ...part } = row('family', '', 'quinones', { shared });
  expect(rows.strings).toEqual([
    row('family', 'Carreño Quiñones', 'carreno quinones', { low: true, high: true, shared }),
    part,
    row('given', 'Ana', 'ana', { low: true }),
    row('given', 'María', 'maria', { high: true }),
    row('name', 'Ana María', 'ana maria', {}),
    row('name', 'Ana', 'ana', { low: true }),
    row('name', 'María', 'maria', { high: true }),
  ]);
  expect(rows.tokens).toContain(hashCode('phonetic', 'm600'));
});

test('local references are indexed in any spelling, others by their text, contained ones not at all', () => {
  const targets = (reference: string): string[] =>
    rowsOf({ resourceType: 'ServiceRequest', id: 'x', requester: { reference } }).references.map(({ target }) => target);
  expect(targets('Practitioner/1')).toEqual([hash('Practitioner/1')]);
  expect(targets('Practitioner/1/_history/4')).toEqual([hash('Practitioner/1')]);
  expect(targets(`${BASE_URL}/Practitioner/1`)).toEqual([hash('Practitioner/1')]);
  expect(targets('https://elsewhere.example/Practitioner/1/_history/4')).toEqual([hash('https://elsewhere.example/Practitioner/1')]);
  expect(targets('urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7')).toEqual([hash('urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7')]);
  expect(targets('#p1')).toEqual([]);
});

test('a quantity has one row, with its own unit and with the unit of comparison', () => {
  const rows = (valueQuantity: object) =>
    rowsOf({ resourceType: 'Observation', id: 'x', valueQuantity }).numbers.filter(
      ({ parameter }) => parameter === numberOf('Observation', 'value-quantity'),
    );
  const written = { from: '5.4', to: '5.4', low: true, high: true, unit: hashUnit(null, 'mmol/L') };
  expect(rows({ value: 5.4, unit: 'mmol per litre', system: UCUM_SYSTEM, code: 'mmol/L' })).toEqual([
    {
      ...written,
      parameter: numberOf('Observation', 'value-quantity'),
      label: hashUnit(null, 'mmol per litre'),
      measure: { unit: findQuantityScale(UCUM_SYSTEM, 'mol/m3').unit, from: '5.4', to: '5.4' },
    },
  ]);
  expect(rows({ value: 5.4, unit: 'mmol/L', system: 'urn:x', code: 'mmol/L' })).toMatchObject([
    { ...written, measure: { unit: hashUnit('urn:x', 'mmol/L'), from: '5.4', to: '5.4' } },
  ]);
  expect(rows({ value: 5.4, unit: 'mmol/L' })).toMatchObject([{ ...written, measure: { from: '5.4', to: '5.4' } }]);
  expect(rows({ value: 540, comparator: '<', system: UCUM_SYSTEM, code: 'cm' })).toMatchObject([
    { from: '-Infinity', to: '540', measure: { from: '-Infinity', to: '5.4' } },
  ]);
});

test.each([
  [{ valueQuantity: { value: 5, comparator: '<' } }, '-Infinity', '5'],
  [{ valueQuantity: { value: 5, comparator: '>=' } }, '5', 'Infinity'],
  [{ valueSampledData: { origin: { value: 2 }, factor: 2, data: '1 E -3.5 L', period: 1, dimensions: 1 } }, '-5', '4'],
])('%j has the range from %s to %s', (value, from, to) => {
  expect(rowsOf({ resourceType: 'Observation', id: 'x', ...value }).numbers[0]).toMatchObject({ from, to });
});

test('an age range is a range', () => {
  const onsetRange = { low: { value: 30, unit: 'a' }, high: { value: 39, unit: 'a' } };
  expect(rowsOf({ resourceType: 'Condition', id: 'x', onsetRange }).numbers[0]).toMatchObject({ from: '30', to: '39' });
  expect(rowsOf({ resourceType: 'Condition', id: 'x', onsetRange: { low: { value: 30 } } }).numbers[0]).toMatchObject({ to: 'Infinity' });
});

test("the projects' own parameters are indexed by their kind", () => {
  const url = 'https://jumpehr.com/fhir/StructureDefinition/bookable-online';
  const base = { base: ['Practitioner'] };
  const registry = buildRegistry([
    { ...base, code: 'bookable-online', type: 'token', expression: `Practitioner.extension('${url}').value` },
    {
      ...base,
      code: 'directory',
      type: 'string',
      modifier: ['contains'],
      expression: "Practitioner.name.text | Practitioner.telecom.where(system='email').value",
    },
    {
      base: ['PractitionerRole'],
      code: 'active-location',
      type: 'reference',
      target: ['Location'],
      expression: 'PractitionerRole.where(active.exists().not() or active = true).location',
    },
  ]);
  const practitioner = (id: string, bookable: boolean): Resource => ({
    resourceType: 'Practitioner',
    id,
    name: [{ text: `Dr. ${id} Lee` }],
    telecom: [{ system: 'email', value: `${id}@example.com` }],
    extension: [{ url, valueBoolean: bookable }],
  });
  const role = (id: string, active?: boolean): Resource => ({
    resourceType: 'PractitionerRole',
    id,
    location: [{ reference: 'Location/1' }],
    practitioner: { reference: 'Practitioner/ann' },
    ...(active !== undefined && { active }),
  });
  const corpus = corpusOf(
    [practitioner('ann', true), practitioner('bob', false), role('r1'), role('r2', false), role('r3', true)],
    registry,
  );
  expect(idsOf('Practitioner?bookable-online=true', corpus, registry)).toEqual(['ann']);
  expect(idsOf('Practitioner?bookable-online:missing=true', corpus, registry)).toEqual([]);
  expect(idsOf('Practitioner?directory:contains=bob@exam', corpus, registry)).toEqual(['bob']);
  expect(idsOf('Practitioner?directory:contains=LEE', corpus, registry)).toEqual(['ann', 'bob']);
  expect(idsOf('PractitionerRole?active-location=1', corpus, registry)).toEqual(['r1', 'r3']);
  expect(idsOf('Practitioner?_has:PractitionerRole:practitioner:active-location=Location/1', corpus, registry)).toEqual(['ann']);
  expect(corpus[0]!.rows.strings.filter(({ infix }) => infix)).toHaveLength(2);
});

const anyResource = fc.tuple(fc.constantFrom(...SERVED_TYPES), fc.noShrink(fc.integer())).map(([type, seed]) => randomResource(type, seed));

/** The rows as they would be if each parameter had its own. */
const unshare = (strings: StringRow[], type: string): StringRow[] =>
  strings.flatMap((row) => {
    const sharing = REGISTRY.listIndexed(type).filter(
      ({ shared }) => shared?.rows.includes(row.parameter) && (row.shared ?? 0) & shared.bit,
    );
    const others = sharing.map(({ number, shared }) => ({
      ...row,
      parameter: number,
      low: ((row.shared ?? 0) & lowBit(shared!)) !== 0,
      high: ((row.shared ?? 0) & highBit(shared!)) !== 0,
    }));
    return [row, ...others];
  });

describe('for any resource', () => {
  test('a token occurs once, and a parameter has one least and one greatest row', () => {
    fc.assert(
      fc.property(anyResource, (resource) => {
        const { tokens, strings, dates, numbers } = rowsOf(resource);
        expect(new Set(tokens).size).toBe(tokens.length);
        for (const rows of [unshare(strings, resource.resourceType), dates, numbers]) {
          const sortable = Map.groupBy(
            rows.filter(({ low, high }) => low || high),
            ({ parameter }) => parameter,
          );
          for (const own of sortable.values()) {
            expect(own.filter(({ low }) => low)).toHaveLength(1);
            expect(own.filter(({ high }) => high)).toHaveLength(1);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('every parameter has the texts that it has alone', () => {
    const alone = {
      ...REGISTRY,
      listIndexed: (type: string) => REGISTRY.listIndexed(type).map(({ shared: _none, ...parameter }) => parameter),
    };
    const sort = (rows: StringRow[]): string[] =>
      rows.map(({ parameter, norm, spelling, low, high }) => JSON.stringify([parameter, norm, spelling, low, high])).sort();
    fc.assert(
      fc.property(anyResource, (resource) => {
        const { strings } = rowsOf(resource);
        const expected = buildIndexRows(resource, alone, [], BASE_URL).strings;
        expect(sort(unshare(strings, resource.resourceType))).toEqual(sort(expected));
        expect(strings.length).toBeLessThanOrEqual(expected.length);
      }),
      { numRuns: 300 },
    );
  });

  test('the resource is not mutated', () => {
    fc.assert(
      fc.property(anyResource, (resource) => {
        const before = JSON.stringify(resource);
        rowsOf(resource);
        expect(JSON.stringify(resource)).toBe(before);
      }),
    );
  });

  test('it is found by each of its values, and by :missing=false of exactly the parameters with values', () => {
    fc.assert(
      fc.property(anyResource, (resource) => {
        const corpus = corpusOf([resource]);
        for (const parameter of REGISTRY.list(resource.resourceType).filter(({ type }) => type !== 'composite' && type !== 'special')) {
          const found = (query: string): boolean => idsOf(`${resource.resourceType}?${query}`, corpus).length > 0;
          const values = parameter.evaluate(resource);
          expect(found(`${parameter.code}:missing=false`)).toBe(values.length > 0 || ['_lastUpdated'].includes(parameter.code));
          for (const { type, value } of values) {
            for (const wanted of queriesFor(parameter.code, type, value))
              expect({ wanted, found: found(wanted) }).toEqual({ wanted, found: true });
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

const escaped = (text: unknown): string => encodeURIComponent(String(text).replace(/[\\|,$]/g, '\\$&'));

/** Queries that must find a resource which has this value. */
function queriesFor(code: string, type: string, value: unknown): string[] {
  return (QUERIES[type]?.(value as never) ?? []).map((query) => `${code}${query}`);
}

const coded = ({ system, code }: { system?: string; code?: string }): string[] => [
  ...(code === undefined ? [] : [`=${escaped(code)}`, `=${system === undefined ? '' : escaped(system)}|${escaped(code)}`]),
  ...(system === undefined ? [] : [`=${escaped(system)}|`]),
];

const QUERIES: Record<string, (value: never) => string[]> = {
  code: (value) => [`=${escaped(value)}`],
  boolean: (value) => [`=${escaped(value)}`],
  string: (value) => [`=${escaped(value)}`],
  canonical: (value: string) => [`=${encodeURIComponent(value)}`, `=${encodeURIComponent(value.split('|')[0]!)}`],
  uri: (value) => [`=${escaped(value)}`],
  Coding: coded,
  CodeableConcept: ({ coding = [] }: { coding?: [] }) => coding.flatMap(coded),
  Identifier: ({ system, value }: { system?: string; value?: string }) =>
    coded({ ...(system !== undefined && { system }), ...(value !== undefined && { code: value }) }),
  ContactPoint: ({ value }: { value?: string }) => (value === undefined ? [] : [`=${escaped(value)}`, `=${escaped(value.toUpperCase())}`]),
  Reference: ({ reference }: { reference?: string }) =>
    reference === undefined ? [] : [`=${reference}`, `=${reference.split('/')[1]}`, `=${encodeURIComponent(`${BASE_URL}/${reference}`)}`],
  date: (value) => [`=${escaped(value)}`],
  dateTime: (value) => [`=${escaped(value)}`, `=ge${escaped(value)}`, `=le${escaped(value)}`],
  instant: (value) => [`=${escaped(value)}`],
};

test('indexing and queries hash the same texts', () => {
  const rows = rowsOf({ resourceType: 'Observation', id: 'x', code: { coding: [{ system: 'http://loinc.org', code: '1-1' }] } });
  expect(rows.tokens).toEqual(
    expect.arrayContaining([hashCode('code', '1-1'), hashForm('code', toSystemCodeForm('http://loinc.org', '1-1'))]),
  );
});
