// The patient that orders are made for: everything the laboratory network asks of one. No real person.

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
