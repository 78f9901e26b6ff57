// Loop's documented endpoints over HTTP: POST /v1/physicians, /v1/lab-orders, /v1/patients. https://docs.ross.platform.loop.health
import request from 'supertest';
import { orderable } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const loop = (method: 'get' | 'post', path: string) => request(facet.app)[method](path).set('Authorization', `Bearer ${facet.demo.loop}`);

let numbers = 1_000_000_000;
const npi = () => String(numbers++);
const physician = (more: object = {}) => ({
  name: 'Dr. Maria de la Cruz, MD',
  email: 'maria@example.com',
  npi: npi(),
  license_state: 'NY',
  state_license: '298123',
  ...more,
});

describe('POST /v1/physicians', () => {
  test('registers a physician: 201 with all ten documented keys; pending and without an id if not on the roster', async () => {
    const body = physician({ clep_permit_number: 'CLEP-77' });
    const response = await loop('post', '/v1/physicians').send(body);
    expect(response.status).toBe(201);
    expect(response.body).toEqual({
      ...body,
      id: expect.stringMatching(UUID),
      clep_permit_number: 'CLEP-77',
      junction_physician_id: null,
      status: 'pending',
      created_at: expect.stringMatching(INSTANT),
    });
    expect(Object.keys(response.body)).toEqual([
      'id',
      'name',
      'email',
      'npi',
      'license_state',
      'state_license',
      'clep_permit_number',
      'junction_physician_id',
      'status',
      'created_at',
    ]);
    const repeated = await loop('get', `/v1/physicians/${response.body.id}`);
    expect([repeated.status, repeated.body]).toEqual([200, response.body]);
  });

  test('a duplicate NPI and state is 409; another state is another registration of the same Practitioner', async () => {
    const body = physician();
    const first = await loop('post', '/v1/physicians').send(body);
    const twice = await loop('post', '/v1/physicians').send({ ...body, license_state: 'ny' });
    expect([twice.status, twice.body]).toEqual([409, { error: 'conflict', message: 'Physician already exists for this NPI / state' }]);
    const second = await loop('post', '/v1/physicians').send({ ...body, license_state: 'CA', state_license: 'A55' });
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
    const found = await facet.fhir('get', `/Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|${body.npi}`);
    expect(found.body.entry).toHaveLength(1);
    expect((await loop('get', `/v1/physicians/${first.body.id}`)).body.license_state).toBe('NY');
    expect((await loop('get', `/v1/physicians/${second.body.id}`)).body.state_license).toBe('A55');
  });

  test('a stored Practitioner with that NPI is used, and keeps its foreign elements and digits', async () => {
    const number = npi();
    const text = `{"resourceType":"Practitioner","id":"known-to-fhir","gender":"female","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"${number}"}],"extension":[{"url":"urn:years","valueDecimal":12.50}]}`;
    await facet.fhir('put', '/Practitioner/known-to-fhir').send(text);
    const response = await loop('post', '/v1/physicians').send(physician({ npi: number }));
    expect([response.status, response.body.id]).toEqual([201, expect.stringMatching(UUID)]);
    const stored = await facet.fhir('get', '/Practitioner/known-to-fhir');
    expect(stored.body).toMatchObject({ gender: 'female', name: [{ text: 'Dr. Maria de la Cruz, MD' }] });
    expect(stored.text).toContain('"valueDecimal":12.50');
  });

  test.each([
    ['npi', { npi: '123456789' }],
    ['license_state', { license_state: 'NYC' }],
    ['email', { email: 'nobody' }],
    ['name', { name: '' }],
    ['name', { name: '   ' }],
    ['state_license', { state_license: undefined }],
  ])('an invalid %s is 400 and named', async (field, invalid) => {
    const response = await loop('post', '/v1/physicians').send(physician(invalid));
    expect(response.status).toBe(400);
    expect(response.body).toEqual({ error: 'validation_error', message: expect.stringContaining(field) });
  });
});

describe('POST /v1/patients', () => {
  const patient = (more: object = {}) => ({ brand_id: 'loop', first_name: 'Ada', last_name: 'Lovelace', ...more });

  test('the smallest body creates a patient with every documented key', async () => {
    const response = await loop('post', '/v1/patients').send(patient());
    expect(response.status).toBe(201);
    expect(response.body).toEqual({
      id: expect.stringMatching(UUID),
      brand_id: 'loop',
      first_name: 'Ada',
      last_name: 'Lovelace',
      date_of_birth: null,
      gender: null,
      email: null,
      phone: null,
      external_ids: {},
      status: 'active',
      metadata: {},
      age_verified_at: null,
      ruo_pathway_acknowledged_at: null,
      researcher_acknowledgement_id: null,
      prescription_status: null,
      prescription_consult_completed_at: null,
      created_at: expect.stringMatching(INSTANT),
      updated_at: expect.stringMatching(INSTANT),
    });
    expect((await loop('get', `/v1/patients/${response.body.id}`)).body).toEqual(response.body);
  });

  test('gender text, metadata with its digits, and external ids are returned byte for byte; unknown keys are not', async () => {
    const text =
      '{"brand_id":"loopbio","first_name":"Zoë","last_name":"O\'Neil","date_of_birth":"1990-02-03","gender":"Non-binary","email":"zoe@example.com","phone":"+15184731122","external_ids":{"shop":"991"},"metadata":{"dose":1.00,"n":[1e-3]},"shoe_size":42}';
    const response = await loop('post', '/v1/patients').set('Content-Type', 'application/json').send(text);
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({
      first_name: 'Zoë',
      last_name: "O'Neil",
      gender: 'Non-binary',
      phone: '+15184731122',
      external_ids: { shop: '991' },
    });
    expect(response.text).toContain('"metadata":{"dose":1.00,"n":[1e-3]}');
    expect(response.body).not.toHaveProperty('shoe_size');
    const stored = await facet.fhir('get', `/Patient/${response.body.id}`);
    expect(stored.body).toMatchObject({ gender: 'other', birthDate: '1990-02-03' });
    expect((await loop('get', `/v1/patients/${response.body.id}`)).text).toBe(response.text);
  });

  test('a body that is valid by the printed schema is accepted: a blank text is absent', async () => {
    const response = await loop('post', '/v1/patients').send(patient({ phone: '', gender: '', external_ids: { a: '', b: '7' } }));
    expect([response.status, response.body]).toEqual([
      201,
      expect.objectContaining({ phone: null, gender: null, external_ids: { b: '7' } }),
    ]);
    expect((await loop('get', `/v1/patients/${response.body.id}`)).body).toEqual(response.body);
  });

  test.each([
    ['external_ids.a', { external_ids: { a: 'x\0' } }],
    ['external_ids', { external_ids: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`shop${index}`, 'A-1'])) }],
    ['external_ids.a', { external_ids: { a: 7 } }],
    ['last_name', { last_name: ' ' }],
    ['last_name', { last_name: 'Love\x1blace' }],
    ['phone', { phone: '1\ud800' }],
    ['metadata', { metadata: { a: ['\udc00'] } }],
    ['brand_id', { brand_id: ' loop' }],
    ['date_of_birth', { date_of_birth: '2999-01-01' }],
    ['date_of_birth', { date_of_birth: '1990-01-01T00:00:00Z' }],
  ])('an invalid %s is 400 and named', async (field, invalid) => {
    const { status, body } = await loop('post', '/v1/patients').send(patient(invalid));
    expect([status, body]).toEqual([
      400,
      { error: 'validation_error', message: expect.stringMatching(`^Validation error: ${field} must`) },
    ]);
  });

  test('today’s date in the earliest time zone is a valid birth date', async () => {
    const date_of_birth = new Date(Date.now() + 14 * 3_600_000).toISOString().slice(0, 10);
    expect((await loop('post', '/v1/patients').send(patient({ first_name: 'Newborn', date_of_birth }))).status).toBe(201);
  });

  test('a duplicate external id, or e-mail and folded name, is 409; a relative with the same e-mail is not', async () => {
    const body = patient({ first_name: 'José', last_name: 'Núñez', email: 'family@example.com', external_ids: { crm: 'A-1' } });
    expect((await loop('post', '/v1/patients').send(body)).status).toBe(201);
    const responses = await Promise.all([
      loop('post', '/v1/patients').send(patient({ first_name: 'Other', external_ids: { crm: 'A-1' } })),
      loop('post', '/v1/patients').send(patient({ first_name: 'jose', last_name: 'NUNEZ', email: ' Family@Example.com '.trim() })),
      loop('post', '/v1/patients').send(patient({ first_name: 'Ana', last_name: 'Núñez', email: 'family@example.com' })),
      loop('post', '/v1/patients').send({ ...body, brand_id: 'loopbio' }),
    ]);
    expect(responses.map((answer) => answer.status)).toEqual([409, 409, 201, 201]);
    expect(responses[0]!.body).toEqual({ error: 'conflict', message: 'Duplicate patient' });
  });

  test('ten concurrent requests create one patient', async () => {
    const body = patient({ first_name: 'Same', last_name: 'Person', email: 'same@example.com' });
    const responses = await Promise.all(Array.from({ length: 10 }, () => loop('post', '/v1/patients').send(body)));
    expect(responses.map((answer) => answer.status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  test('GET lists the patients of a brand, newest first, with an exact total', async () => {
    for (const first_name of ['One', 'Two', 'Three']) await loop('post', '/v1/patients').send(patient({ brand_id: 'listed', first_name }));
    const page = await loop('get', '/v1/patients?brand_id=listed&limit=2');
    expect(page.status).toBe(200);
    expect(page.body.patients.map((patient: { first_name: string }) => patient.first_name)).toEqual(['Three', 'Two']);
    expect(page.body.total).toBe(3);
    expect((await loop('get', '/v1/patients?brand_id=listed&limit=2&offset=2')).body.patients).toHaveLength(1);
    expect((await loop('get', '/v1/patients')).status).toBe(400);
  });
});

describe('POST /v1/lab-orders', () => {
  const PATIENT = '01936b00-0000-7000-8000-0000000000aa';
  beforeAll(() => facet.put(orderable(PATIENT)));
  let keys = 0;
  const order = (body: object = {}, key: string | undefined = `key-${keys++}`) => {
    const call = loop('post', '/v1/lab-orders').send({ brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos', ...body });
    return key === undefined ? call : call.set('idempotency-key', key);
  };

  test('places the order: 201 with the order id; the same key gets the same 201, another body 409', async () => {
    const first = await order({}, 'once');
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      id: expect.stringMatching(UUID),
      brand_id: 'loop',
      patient_id: PATIENT,
      junction_order_id: expect.stringMatching(UUID),
      panel_id: 'pcos',
      status: 'received',
      created_at: expect.stringMatching(INSTANT),
      completed_at: null,
    });
    const repeated = await order({}, 'once');
    expect([repeated.status, repeated.text]).toEqual([201, first.text]);
    const other = await order({ panel_id: 'fertility' }, 'once');
    expect([other.status, other.body]).toEqual([409, { error: 'conflict', message: 'Idempotency key conflict' }]);
    const read = await loop('get', `/v1/lab-orders/${first.body.id}`);
    expect([read.status, read.body]).toEqual([200, first.body]);
    const request = await facet.fhir('get', `/ServiceRequest/${first.body.id}`);
    expect(request.body).toMatchObject({ status: 'active', intent: 'order', subject: { reference: `Patient/${PATIENT}` } });
    const tasks = await facet.fhir('get', `/Task?focus=ServiceRequest/${first.body.id}`);
    expect(tasks.body.entry).toHaveLength(1);
  });

  test('a missing key is 400, an unknown patient 404, a fourth panel and a missing address field 400', async () => {
    expect((await loop('post', '/v1/lab-orders').send({ brand_id: 'loop', patient_id: PATIENT, panel_id: 'pcos' })).body).toEqual({
      error: 'validation_error',
      message: expect.stringContaining('idempotency-key'),
    });
    expect((await order({ patient_id: '01936b00-0000-7000-8000-0000000000ff' })).status).toBe(404);
    expect((await order({ panel_id: 'thyroid' })).status).toBe(400);
    expect((await order({ address: { line1: 'x', city: 'y', state: 'NY', zip: '12207' } })).body.message).toContain('address.country');
  });

  test('a ServiceRequest without a panel is not a lab order: 404', async () => {
    const id = '01936b00-0000-7000-8000-0000000000cc';
    const other = {
      resourceType: 'ServiceRequest',
      id,
      status: 'active',
      intent: 'order',
      code: { text: 'X-ray' },
      subject: { reference: `Patient/${PATIENT}` },
    };
    expect((await facet.put(other)).status).toBe(201);
    expect((await loop('get', `/v1/lab-orders/${id}`)).status).toBe(404);
  });

  test('missing data that the laboratory needs is refused by name before anything is written', async () => {
    const bare = '01936b00-0000-7000-8000-0000000000bb';
    await facet.put({
      resourceType: 'Patient',
      id: bare,
      name: [{ given: ['No'], family: 'Phone' }],
      birthDate: '1990-01-01',
    });
    const response = await order({ patient_id: bare });
    expect([response.status, response.body]).toEqual([
      400,
      {
        error: 'validation_error',
        message: `Validation error: ${[
          'patient_id: an order needs a US phone number of the patient',
          'patient.email: an order needs an e-mail address of the patient',
          "address.city: an order needs a city in the patient's address",
          "address.state: an order needs a US state in the patient's address",
          "address.zip: an order needs a ZIP code in the patient's address",
          "address.line1: an order needs a street in the patient's address",
        ].join('; ')}`,
      },
    ]);
    expect((await facet.fhir('get', `/ServiceRequest?subject=Patient/${bare}`)).body.entry).toBeUndefined();
  });

  test('unusable data is refused by the name of its field', async () => {
    const address = { line1: 'x', city: 'y', state: 'Ontario', zip: 'abc', country: 'CA' };
    const { status, body } = await order({ address });
    const named = [...body.message.matchAll(/[\w.]+(?=: an order needs)/g)].map(String);
    expect([status, named]).toEqual([400, ['address.state', 'address.zip', 'address.country']]);
  });
});

test('errors for an unknown path, a method, a media type and a missing key have the same format', async () => {
  const responses = [
    await loop('get', '/v1/patients/x/y/z'),
    await request(facet.app).delete('/v1/patients').set('Authorization', `Bearer ${facet.demo.loop}`),
    await loop('post', '/v1/patients').set('Content-Type', 'text/plain').send('x'),
    await loop('post', '/v1/patients').set('Content-Type', 'application/json').send('{"a":'),
    await request(facet.app).post('/v1/patients').send({}),
    await loop('get', '/v1/patients/01936b00-0000-7000-8000-00000000ffff'),
  ];
  expect(responses.map((answer) => answer.status)).toEqual([404, 405, 415, 400, 401, 404]);
  for (const answer of responses) expect(Object.keys(answer.body)).toEqual(['error', 'message']);
});
