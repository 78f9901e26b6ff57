// Two patients with the same kinds of resources, for tests of scopes that cover only one of them.
/** In every resource of the other patient, and in no other resource. */
export const SECRET = 'Zanzibar';
const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category';

/** The resources of one patient, with a name in each of them. */
const resourcesOf = (id: string, name: string, category: string) => {
  const subject = { reference: `Patient/${id}` };
  return [
    {
      resourceType: 'Patient',
      id,
      active: true,
      gender: 'female',
      birthDate: '1980-01-02',
      name: [{ family: name, given: [name] }],
      identifier: [{ system: 'urn:mrn', value: name }],
    },
    {
      resourceType: 'Encounter',
      id: `${id}-enc`,
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      subject,
      period: { start: '2026-01-02T03:04:05Z' },
      type: [{ text: name }],
    },
    {
      resourceType: 'Observation',
      id: `${id}-obs`,
      status: 'final',
      category: [{ coding: [{ system: CATEGORY, code: category }] }],
      code: { text: name, coding: [{ system: 'http://loinc.org', code: '718-7' }] },
      subject,
      encounter: { reference: `Encounter/${id}-enc` },
      effectiveDateTime: '2026-01-02T03:04:05Z',
      valueQuantity: { value: 13.5, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
    },
    { resourceType: 'Condition', id: `${id}-con`, subject, code: { text: name }, onsetDateTime: '2026-01-02' },
    {
      resourceType: 'DiagnosticReport',
      id: `${id}-rep`,
      status: 'final',
      code: { text: name },
      subject,
      result: [{ reference: `Observation/${id}-obs` }],
    },
    { resourceType: 'RelatedPerson', id: `${id}-rel`, patient: subject, name: [{ text: name }] },
  ];
};
export const ANNS = resourcesOf('ann', 'Lovelace', 'laboratory');
export const BOBS = resourcesOf('bob', SECRET, 'vital-signs');
