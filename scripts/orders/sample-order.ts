// An order that the sandbox takes, but for whose it is.

export const SAMPLE_ORDER = {
  patient_details: {
    first_name: 'Ada',
    last_name: 'Lovelace',
    dob: '1985-12-10',
    gender: 'female',
    phone_number: '+15184731122',
    email: 'ada@example.com',
  },
  patient_address: { first_line: '1 Main St', city: 'Albany', state: 'NY', zip: '12207', country: 'US' },
  order_set: { lab_test_ids: ['5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a02'] },
};
