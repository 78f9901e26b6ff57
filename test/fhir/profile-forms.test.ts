// R4's own profiles as snapshots and as differentials, which must have the same results. https://hl7.org/fhir/R4/profiling.html#snapshot

import type { StructureDefinition } from '../../src/fhir/profile/definition.ts';
import { isServed } from '../../src/fhir/types.ts';
import fc from '../fast-check.ts';
import { bloodPressure, checkers, coreProfiles, vitalSigns } from './profile-us-core.ts';
import type { Json } from './valid-resources.ts';

const profiles = coreProfiles().filter(({ type, differential, snapshot }) => isServed(type) && differential && snapshot);
const withoutSnapshot = ({ snapshot: _snapshot, ...rest }: StructureDefinition): StructureDefinition => rest;
const [bySnapshot, byDifferential] = [checkers(profiles), checkers(profiles.map(withoutSnapshot))];
const vital = profiles.filter(({ type }) => type === 'Observation').map(({ url }) => url);

test('all profiles of served types can be compiled, in both forms', () => {
  expect(profiles.length).toBeGreaterThan(20);
  for (const { url } of profiles) expect([bySnapshot.findChecker(url)?.url, byDifferential.findChecker(url)?.url]).toEqual([url, url]);
});

const code = (loinc: string) => ({ coding: [{ system: 'http://loinc.org', code: loinc }] });
const optional = <T>(...values: T[]) => fc.constantFrom(undefined, ...values);
const observations = fc.record({
  resourceType: fc.constant('Observation'),
  status: fc.constant('final'),
  category: optional([vitalSigns], [{ text: 'x' }], [vitalSigns, vitalSigns]),
  code: fc.constantFrom(code('85354-9'), code('8867-4'), code('8302-2'), code('29463-7'), { text: 'x' }),
  subject: optional({ reference: 'Patient/1' }, { reference: 'Group/1' }),
  effectiveDateTime: optional('2026-03-01', '2026'),
  valueQuantity: optional(
    { value: 1, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
    { value: 60, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    { value: 2 },
  ),
  dataAbsentReason: optional({ text: 'x' }),
  component: optional(bloodPressure.component, [], [(bloodPressure.component as Json[])[0]]),
});

test('both forms find the same errors in any observation', () => {
  const errors = (found: { severity?: string; code: string; path: unknown[] }[]) =>
    [...new Set(found.filter(({ severity }) => !severity).map((fault) => `${fault.code} ${fault.path.join('.')}`))].sort();
  fc.assert(
    fc.property(observations, fc.constantFrom(...vital), (observation, url) => {
      const resource = JSON.parse(JSON.stringify(observation)) as Json;
      expect(errors(byDifferential.findChecker(url)!.findFaults(resource))).toEqual(
        errors(bySnapshot.findChecker(url)!.findFaults(resource)),
      );
    }),
    { numRuns: 1500 },
  );
});

test('a blood pressure of US Core conforms to R4’s profile, and a body weight does not', () => {
  const bp = 'http://hl7.org/fhir/StructureDefinition/bp';
  for (const form of [bySnapshot, byDifferential]) {
    expect(
      form
        .findChecker(bp)!
        .findFaults(bloodPressure)
        .filter(({ severity }) => !severity),
    ).toEqual([]);
    expect(form.findChecker(bp)!.isConformant({ ...bloodPressure, code: code('29463-7') })).toBe(false);
  }
});
