// A patient, an order and a physician with all data that the lab network needs. No real persons.

/** A Patient with this id, fit to be ordered for. */
export const orderable = (id: string) => ({
  resourceType: 'Patient',
  id,
  name: [{ given: ['Ada'], family: 'Lovelace' }],
  birthDate: '1985-12-10',
  telecom: [
    { system: 'phone', value: '+15184731122' },
    { system: 'email', value: 'ada@example.com' },
  ],
  address: [{ line: ['1 Main St'], city: 'Albany', state: 'NY', postalCode: '12207', country: 'US' }],
});

/** A ServiceRequest that is sent to the laboratory network: this panel for this patient. */
export const panelFor = (patient: string, panel = 'fertility') => ({
  resourceType: 'ServiceRequest',
  status: 'active',
  intent: 'order',
  category: [{ coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] }],
  code: { coding: [{ system: 'https://loop.health/fhir/CodeSystem/lab-panel', code: panel }] },
  subject: { reference: `Patient/${patient}` },
});

/** What registers a physician with this NPI. */
export const registration = (npi: string) => ({
  name: 'Ann Lee',
  email: 'ann@example.com',
  npi,
  license_state: 'NY',
  state_license: '1',
});
