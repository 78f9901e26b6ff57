// What the bench stores and asks for: patients of a plausible size, practitioners with a role. No real persons.
const FAMILIES = Array.from({ length: 250 }, (_, n) => `Fam${n.toString(36)}quist`);
const GIVEN = ['Olivia', 'Noah', 'Emma', 'Liam', 'Priya', 'Wei', 'Fatima', 'Jonas', 'Anouk', 'Sven'];

/** The family name of the n-th patient: 250 different ones, in turn. */
export const familyOf = (n: number): string => FAMILIES[n % FAMILIES.length]!;

/** A patient of about 1 kB. */
export function patient(n: number, family = familyOf(n)): object {
  const firstName = GIVEN[n % GIVEN.length]!;
  return {
    resourceType: 'Patient',
    active: true,
    identifier: [
      {
        use: 'usual',
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
        system: 'http://hospital.example.org/mrn',
        value: `MRN${n}`,
      },
      { system: 'http://national.example.org/id', value: `9${n}` },
    ],
    name: [{ use: 'official', family, given: [firstName, 'Marie'] }],
    telecom: [
      { system: 'phone', use: 'mobile', value: `+1518${String(n).padStart(7, '0')}` },
      { system: 'email', value: `${firstName}.${family}.${n}@example.org`.toLowerCase() },
    ],
    gender: n % 2 ? 'female' : 'male',
    birthDate: birthDateOf(n),
    address: [{ use: 'home', line: [`${n} Canal Street`], city: 'Albany', state: 'NY', postalCode: '12207', country: 'US' }],
    maritalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M' }] },
    communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en' }] }, preferred: true }],
  };
}

/** One of 70 years. */
const birthDateOf = (n: number): string => `${1940 + (n % 70)}-0${1 + (n % 9)}-1${n % 10}`;

/** A practitioner who is listed among the clinicians. */
export const practitioner = (n: number): object => ({
  resourceType: 'Practitioner',
  active: true,
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: `1${String(n).padStart(9, '0')}` }],
  name: [{ text: `Dr ${GIVEN[n % GIVEN.length]} ${familyOf(n)}`, family: familyOf(n), given: [GIVEN[n % GIVEN.length]!], prefix: ['Dr'] }],
  telecom: [{ system: 'email', value: `dr.${n}@clinic.example.org` }],
});

export const role = (n: number, practitionerId: string): object => ({
  resourceType: 'PractitionerRole',
  active: true,
  practitioner: { reference: `Practitioner/${practitionerId}` },
  code: [
    {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/practitioner-role', code: 'doctor' }],
      text: n % 2 ? 'GP Partner' : 'Registrar',
    },
  ],
});

/** An order of the n-th day since 2020, of 2,000 different tests. */
export const serviceRequest = (n: number, { subject, requester }: { subject: string; requester: string }): object => ({
  resourceType: 'ServiceRequest',
  status: n % 4 ? 'active' : 'completed',
  intent: 'order',
  category: [{ coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] }],
  code: { coding: [{ system: 'http://loinc.org', code: `${1000 + (n % 2000)}-1`, display: `Test number ${n % 2000}` }] },
  subject: { reference: subject },
  requester: { reference: requester },
  authoredOn: new Date(Date.UTC(2020, 0, 1) + (n % 2000) * 86_400_000).toISOString(),
});
