// A made-up corpus to measure the store on: half Patients, the rest ServiceRequests about them and PractitionerRoles. The same number, the same resource.
import type { Resource } from '../../src/fhir/types.ts';

const two = (n: number): string => String(n).padStart(2, '0');
/** Spreads consecutive numbers over [0, most); another salt, another spread. */
const spread = (n: number, max: number, salt = 0): number => (Math.imul(Math.imul(n + 1, 0x9e3779b1) ^ salt, 0x85ebca6b) >>> 8) % max;
/** A day that has nothing to do with anything else of the resource. */
const day = (n: number, year: number, years: number): string =>
  `${year + spread(n, years, 1)}-${two(1 + spread(n, 12, 2))}-${two(1 + spread(n, 28, 3))}`;

function patient(n: number): Resource {
  return {
    resourceType: 'Patient',
    id: `p${n}`,
    active: n % 10 > 0,
    gender: spread(n, 100, 4) < 49 ? 'female' : 'male',
    birthDate: day(n, 1940, 80),
    name: [{ family: `Family${spread(n, 5000)}`, given: [`Given${spread(n, 500)}`, `Middle${spread(n, 77)}`] }],
    telecom: [
      { system: 'phone', value: `555-${n}` },
      { system: 'email', value: `u${n}@example.org` },
    ],
    address: [
      {
        line: [`${n % 999} Some Street`],
        city: `City${spread(n, 300)}`,
        state: `S${n % 50}`,
        postalCode: String(10_000 + spread(n, 8000)),
        country: 'US',
      },
    ],
    identifier: [
      { system: 'http://hospital.example/mrn', value: `M${n}` },
      { system: 'http://hl7.org/fhir/sid/us-ssn', value: String(100_000_000 + n) },
    ],
    generalPractitioner: [{ reference: `Practitioner/d${spread(n, 500)}` }],
  };
}

const serviceRequest = (n: number): Resource => ({
  resourceType: 'ServiceRequest',
  id: `s${n}`,
  status: ['active', 'active', 'completed', 'draft'][n % 4],
  intent: 'order',
  subject: { reference: `Patient/p${n - (n % 2)}` },
  authoredOn: day(n, 2015, 11),
  code: { coding: [{ system: 'http://loinc.org', code: String(1000 + spread(n, 2000)), display: `Test number ${spread(n, 2000)}` }] },
  category: [{ coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] }],
  requester: { reference: `Practitioner/d${spread(n, 500)}` },
});

const role = (n: number): Resource => ({
  resourceType: 'PractitionerRole',
  id: `r${n}`,
  active: true,
  practitioner: { reference: `Practitioner/d${spread(n, 3000)}` },
  organization: { reference: `Organization/o${n % 50}` },
  code: [{ coding: [{ system: 'http://example.org/role', code: `role${n % 20}` }] }],
});

/** Patients have even numbers. */
export function resourceOf(n: number): Resource {
  if (n % 2 === 0) return patient(n);
  return n % 10 === 1 ? role(n) : serviceRequest(n);
}

/** A search of each kind, by the number of a resource that is there. */
export const SEARCHES: ((n: number) => string)[] = [
  () => 'Patient?',
  (n) => `Patient?_id=p${n}`,
  (n) => `Patient?identifier=http://hospital.example/mrn|M${n}`,
  () => 'Patient?gender=female',
  () => 'Patient?gender:not=female',
  () => 'Patient?gender=female&_total=accurate',
  (n) => `Patient?family=family${spread(n, 5000)}`,
  (n) => `Patient?family=family${spread(n, 50)}&_sort=given`,
  () => 'Patient?_sort=-family,given',
  () => 'Patient?gender=female&_sort=birthdate',
  (n) => `Patient?birthdate=${day(n, 1940, 80)}`,
  () => 'Patient?birthdate=ge1980-01-01&birthdate=lt1980-02-01',
  () => 'Patient?birthdate=ge1980-01-01&birthdate=lt1981-01-01&_total=accurate',
  (n) => `Patient?general-practitioner=Practitioner/d${spread(n, 500)}`,
  (n) => `Patient?address-city=city${spread(n, 300)}&gender=male`,
  (n) => `ServiceRequest?subject=Patient/p${n}`,
  () => 'ServiceRequest?status=active&_sort=-authored',
  () => 'ServiceRequest?authored=ge2020-01-01&authored=le2020-03-01&status=active',
  (n) => `ServiceRequest?code:text=number ${spread(n, 2000)}`,
  (n) => `ServiceRequest?subject.family=family${spread(n, 5000)}`,
  (n) => `ServiceRequest?patient.identifier=M${n}`,
  (n) => `Patient?_has:ServiceRequest:patient:code=http://loinc.org|${1000 + spread(n, 2000)}`,
  (n) => `ServiceRequest?code=http://loinc.org|${1000 + spread(n, 2000)}&_include=ServiceRequest:subject`,
  (n) => `Patient?identifier=M${n}&_revinclude=ServiceRequest:subject`,
  (n) => `PractitionerRole?practitioner=Practitioner/d${spread(n, 3000)}`,
  (n) => `Patient?_lastUpdated=gt2026-01-01&_sort=_lastUpdated&_id=p${n}`,
];
