// Vendors' fields on resources from FHIR clients: ended elements are not shown, unset fields show nothing, and changes are consistent with FHIR.
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
beforeAll(async () => {
  facet = await startFacet();
});
afterAll(() => facet.close());

const create = async (resource: { resourceType: string; [name: string]: unknown }): Promise<string> => {
  const { status, body } = await request(facet.app)
    .post(`/fhir/R4/${resource.resourceType}`)
    .set('authorization', `Bearer ${facet.demo.fhir}`)
    .set('content-type', 'application/fhir+json')
    .send(JSON.stringify(resource));
  expect(status).toBe(201);
  return body.id;
};
const stored = async (path: string) =>
  (await request(facet.app).get(`/fhir/R4/${path}`).set('authorization', `Bearer ${facet.demo.fhir}`)).body;
const loop = (path: string) => request(facet.app).post(`/v1/${path}`).set('authorization', `Bearer ${facet.demo.loop}`);
const clinik = (method: 'get' | 'post' | 'patch', path: string) =>
  request(facet.app)[method](`/v1/${path}`).set('x-api-key', facet.demo.clinik!);
const jump = (method: 'get' | 'patch', path: string) =>
  request(facet.app)[method](`/${path}`).set('authorization', `Bearer ${facet.demo.jump}`);

const MARRIED = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M', display: 'Married' }] };

describe('a field that is unset shows nothing afterwards', () => {
  test('a phone number of a patient who has two', async () => {
    const id = await create({
      resourceType: 'Patient',
      telecom: [
        { system: 'phone', use: 'mobile', value: '1' },
        { system: 'phone', use: 'home', value: '2' },
      ],
    });
    expect((await clinik('patch', `patients/${id}`).send({ phone: null })).body.data.phone).toBeNull();
  });
  test('an address of a patient who has an older one', async () => {
    const id = await create({ resourceType: 'Patient', address: [{ city: 'New' }, { use: 'old', city: 'Old' }] });
    expect((await clinik('patch', `patients/${id}`).send({ address: null })).body.data.address).toBeNull();
  });
  test('a marital status that has a code', async () => {
    const id = await create({ resourceType: 'Patient', maritalStatus: MARRIED });
    expect((await clinik('patch', `patients/${id}`).send({ maritalStatus: null })).body.data.maritalStatus).toBeNull();
  });
  test('a physical type that has a code', async () => {
    const id = await create({
      resourceType: 'Location',
      name: 'W',
      physicalType: { coding: [{ system: 'urn:x', code: 'wi', display: 'Wing' }] },
    });
    expect((await clinik('patch', `locations/${id}`).send({ physicalType: null })).body.data.physicalType).toBeNull();
  });
  test('a middle name of a patient who has two', async () => {
    const id = await create({ resourceType: 'Patient', name: [{ given: ['A', 'May', 'Eve'], family: 'X' }], birthDate: '1990-01-01' });
    expect((await jump('patch', `patients/${id}`).send({ middle_name: null })).body.data.middle_name).toBeNull();
  });
  test('the days of a role with two times, only in the words that show both', async () => {
    const availableTime = [{ daysOfWeek: ['wed'] }, { daysOfWeek: ['thu'], allDay: true }];
    const id = await create({ resourceType: 'PractitionerRole', availableTime });
    const { status, body } = await clinik('patch', `practitioner-roles/${id}`).send({ availableDays: [] });
    expect([status, body.issues[0].diagnostics]).toEqual([
      422,
      'availableDays must stay: the next of availableTime would be shown; send availableTime',
    ]);
    expect((await stored(`PractitionerRole/${id}`)).availableTime).toEqual(availableTime);
    const remaining = [{ daysOfWeek: ['thu'], allDay: true }];
    expect((await clinik('patch', `practitioner-roles/${id}`).send({ availableTime: remaining })).body.data.availableDays).toEqual(['thu']);
    expect((await clinik('patch', `practitioner-roles/${id}`).send({ availableDays: null })).body.data.availableDays).toEqual([]);
  });
  test('the days of the first of two times leave the second as it is', async () => {
    const second = { daysOfWeek: ['thu'], availableStartTime: '10:00:00' };
    const id = await create({
      resourceType: 'PractitionerRole',
      availableTime: [{ daysOfWeek: ['wed'], availableStartTime: '09:00:00' }, second],
    });
    expect((await clinik('patch', `practitioner-roles/${id}`).send({ availableDays: null })).body.data.availableDays).toEqual([]);
    expect((await stored(`PractitionerRole/${id}`)).availableTime).toEqual([{ availableStartTime: '09:00:00' }, second]);
  });
  test('a preferred name that was a usual name: that one stays, until it is another', async () => {
    const name = [{ use: 'usual', given: ['Liz'], family: 'X' }];
    const id = await create({ resourceType: 'Patient', name, birthDate: '1990-01-01' });
    const patched = async (change: object) => {
      const { status, body } = await jump('patch', `patients/${id}`).send(change);
      return [status, body.data.preferred_name, body.data.first_name];
    };
    expect(await patched({ preferred_name: 'Lizzy' })).toEqual([200, 'Lizzy', 'Liz']);
    expect(await patched({ preferred_name: null })).toEqual([200, null, 'Liz']);
    expect((await stored(`Patient/${id}`)).name).toEqual(name);
    expect(await patched({ first_name: 'Beth' })).toEqual([200, 'Beth', 'Beth']);
    expect(await patched({ preferred_name: null })).toEqual([200, null, 'Beth']);
    const { versionId } = (await stored(`Patient/${id}`)).meta;
    expect(await patched({ preferred_name: null })).toEqual([200, null, 'Beth']);
    expect((await stored(`Patient/${id}`)).meta.versionId).toBe(versionId);
  });
  test('what an extension says that has an id', async () => {
    const extension = { id: 'e1', url: 'https://clinikehr.com/fhir/StructureDefinition/specialty', valueString: 'Cardiology' };
    const id = await create({ resourceType: 'Practitioner', name: [{ given: ['A'], family: 'X' }], extension: [extension] });
    const { status, body } = await clinik('patch', `practitioners/${id}`).send({ specialty: null });
    expect([status, body.data?.specialty]).toEqual([200, null]);
    expect((await stored(`Practitioner/${id}`)).extension).toBeUndefined();
  });
  test('a detail of a patient, alone in an extension that has an id, or beside another one', async () => {
    const url = 'https://jumpehr.com/fhir/StructureDefinition/patient-details';
    const patient = { resourceType: 'Patient', name: [{ given: ['A'], family: 'X' }], birthDate: '1990-01-01' };
    const notes = { id: 'n', url: 'patientNotes', valueString: 'x' };
    const job = { id: 'o', url: 'occupation', valueString: 'nurse' };
    const readRest = async (extension: object[]) => {
      const id = await create({ ...patient, extension: [{ id: 'd', url, extension }] });
      const { status, body } = await jump('patch', `patients/${id}`).send({ patient_notes: null });
      expect([status, body.data?.patient_notes]).toEqual([200, null]);
      return (await stored(`Patient/${id}`)).extension;
    };
    expect(await readRest([notes])).toBeUndefined();
    expect(await readRest([notes, job])).toEqual([{ id: 'd', url, extension: [job] }]);
  });
  test('a wrong value inside of an object unsets nothing', async () => {
    const id = await create({ resourceType: 'Patient', address: [{ city: 'New' }] });
    expect((await clinik('patch', `patients/${id}`).send({ address: { city: [] } })).status).toBe(422);
    expect((await stored(`Patient/${id}`)).address).toEqual([{ city: 'New' }]);
  });
  test('the notes of several people, all of which were shown; one that is not changed stays theirs', async () => {
    const patient = await create({ resourceType: 'Patient' });
    const note = [
      { authorString: 'Dr Lee', time: '2026-01-01T00:00:00Z', text: 'Fasting.' },
      { authorString: 'Laboratory', text: 'Seen.' },
    ];
    const id = await create({ resourceType: 'Specimen', subject: { reference: `Patient/${patient}` }, note });
    const patched = async (text: string | null) => (await clinik('patch', `specimens/${id}`).send({ note: text })).body.data.note;
    expect((await clinik('get', `specimens/${id}`)).body.data.note).toBe('Fasting.\n\nSeen.');
    expect(await patched('Fasting.\n\nSeen.\n\nThawed.')).toBe('Fasting.\n\nSeen.\n\nThawed.');
    expect((await stored(`Specimen/${id}`)).note).toEqual([...note, { text: 'Thawed.' }]);
    expect(await patched('Fasting.')).toBe('Fasting.');
    expect((await stored(`Specimen/${id}`)).note).toEqual([note[0]]);
    expect(await patched(null)).toBeNull();
  });
  test('a note that has a time', async () => {
    const patient = await create({ resourceType: 'Patient' });
    const id = await create({
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      subject: { reference: `Patient/${patient}` },
      code: { text: 'x' },
      note: [{ time: '2026-01-01T00:00:00Z', text: 'hello' }],
    });
    const { status, body } = await clinik('patch', `service-requests/${id}`).send({ note: null });
    expect([status, body.data?.note]).toEqual([200, null]);
  });
});

describe('a change is consistent for FHIR clients', () => {
  test('a code is removed when its text changes', async () => {
    const id = await create({ resourceType: 'Patient', maritalStatus: MARRIED });
    expect((await clinik('patch', `patients/${id}`).send({ maritalStatus: 'Divorced' })).status).toBe(200);
    expect((await stored(`Patient/${id}`)).maritalStatus).toEqual({ text: 'Divorced' });
  });
  test('a text is removed when its code changes, also for another vendor', async () => {
    const practitioner = await create({ resourceType: 'Practitioner', name: [{ family: 'X' }] });
    const id = await create({
      resourceType: 'PractitionerRole',
      practitioner: { reference: `Practitioner/${practitioner}` },
      code: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/practitioner-role', code: 'doctor' }], text: 'Doctor' }],
    });
    expect((await clinik('patch', `practitioner-roles/${id}`).send({ role: 'nurse' })).body.data.role).toBe('nurse');
    expect((await jump('get', `clinician-profiles/${practitioner}`)).body.data.role).not.toBe('Doctor');
  });
  test('the text of a name follows its parts', async () => {
    const id = await create({ resourceType: 'Practitioner', name: [{ text: 'Dr. Maria Cruz', given: ['Maria'], family: 'Cruz' }] });
    expect((await clinik('patch', `practitioners/${id}`).send({ lastName: 'Newname' })).status).toBe(200);
    expect((await stored(`Practitioner/${id}`)).name[0].text).toBe('Dr. Maria Newname');
    expect((await jump('get', 'clinician-profiles?search=cruz')).body.data).toEqual([]);
  });
  test.each([
    [
      'a title that is added leaves the text of a name',
      [{ text: 'Anna Müller' }],
      { title: 'Dr' },
      [{ text: 'Anna Müller', prefix: ['Dr'] }],
    ],
    [
      'a title that is taken away leaves the rest of the text, and the maiden name',
      [
        { text: 'Dr Anna Müller', prefix: ['Dr'] },
        { use: 'maiden', family: 'Weiß' },
      ],
      { title: null },
      [{ text: 'Anna Müller' }, { use: 'maiden', family: 'Weiß' }],
    ],
  ])('%s', async (_what, name, change, remaining) => {
    const id = await create({ resourceType: 'Patient', name, birthDate: '1990-01-01' });
    expect((await jump('patch', `patients/${id}`).send(change)).status).toBe(200);
    expect((await stored(`Patient/${id}`)).name).toEqual(remaining);
  });
  test('other performers stay when the practitioner is unset', async () => {
    const surgery = { reference: `Organization/${await create({ resourceType: 'Organization', name: 'Surgery' })}` };
    const doctor = { reference: `Practitioner/${await create({ resourceType: 'Practitioner', name: [{ family: 'X' }] })}` };
    const id = await create({ resourceType: 'Patient', generalPractitioner: [doctor, surgery] });
    const { status, body } = await clinik('patch', `patients/${id}`).send({ generalPractitionerId: null });
    expect([status, body.data.generalPractitionerId]).toEqual([200, null]);
    expect((await stored(`Patient/${id}`)).generalPractitioner).toEqual([surgery]);
  });
  test('other performers stay when a practitioner is set, and do not hide it', async () => {
    const surgery = { reference: `Organization/${await create({ resourceType: 'Organization', name: 'Surgery' })}`, display: 'Surgery' };
    const doctor = { reference: `Practitioner/${await create({ resourceType: 'Practitioner', name: [{ family: 'X' }] })}` };
    const elsewhere = { reference: 'https://elsewhere.example/fhir/Practitioner/1' };
    const logical = { type: 'Practitioner', identifier: { value: '7' } };
    const id = await create({ resourceType: 'Patient', generalPractitioner: [surgery, elsewhere, logical, doctor] });
    const generalPractitionerId = (await clinik('get', `patients/${id}`)).body.data.generalPractitionerId;
    expect(generalPractitionerId).toMatch(/^prc_/);
    expect((await clinik('patch', `patients/${id}`).send({ generalPractitionerId: null })).status).toBe(200);
    expect((await stored(`Patient/${id}`)).generalPractitioner).toEqual([surgery, elsewhere, logical]);
    const { body } = await clinik('patch', `patients/${id}`).send({ generalPractitionerId });
    expect(body.data.generalPractitionerId).toBe(generalPractitionerId);
    expect((await stored(`Patient/${id}`)).generalPractitioner).toEqual([surgery, elsewhere, logical, doctor]);
  });
  test('a second name does not become the first', async () => {
    const id = await create({ resourceType: 'Patient', name: [{ family: 'X' }], birthDate: '1990-01-01' });
    const { status, body } = await jump('patch', `patients/${id}`).send({ middle_name: 'Mid' });
    expect([status, body.data?.first_name]).not.toEqual([200, 'Mid']);
  });
});

describe('an element with use: old is not shown as current, nor written into', () => {
  const MARRIED_ANN = {
    resourceType: 'Patient',
    birthDate: '1980-01-01',
    name: [
      { use: 'old', family: 'Maiden', given: ['Ann'] },
      { use: 'official', family: 'Married', given: ['Ann'] },
    ],
    telecom: [
      { system: 'phone', use: 'old', value: '1' },
      { system: 'phone', use: 'home', value: '2' },
    ],
    address: [
      { use: 'old', city: 'Old' },
      { use: 'home', city: 'New' },
    ],
  };
  test('a name, a number, an address', async () => {
    const id = await create(MARRIED_ANN);
    const { lastName, phone, address } = (await clinik('get', `patients/${id}`)).body.data;
    expect([lastName, phone, address.city]).toEqual(['Married', '2', 'New']);
    const profile = (await jump('get', `patients/${id}`)).body.data;
    expect([profile.last_name, profile.home_phone, profile.town_city]).toEqual(['Married', '2', 'New']);
  });
  test('nobody is found by an old element', async () => {
    const npi = (use: string, value: string) => ({ system: 'http://hl7.org/fhir/sid/us-npi', use, value });
    const person = {
      name: [
        { use: 'old', family: 'Formerly', given: ['Zoe'] },
        { use: 'official', family: 'Presently', given: ['Zoe'] },
      ],
      telecom: ['phone', 'email'].flatMap((system) => [
        { system, use: 'old', value: `formerly-${system}@example.com` },
        { system, value: `presently-${system}@example.com` },
      ]),
    };
    const nhs = { system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9434765919' };
    await create({ ...person, resourceType: 'Patient', identifier: [{ ...nhs, use: 'old', value: '9434765870' }, nhs] });
    await create({ ...person, resourceType: 'Practitioner', identifier: [npi('old', '5550001'), npi('official', '5550002')] });
    const found = async (call: typeof clinik | typeof jump, path: string): Promise<number> => {
      const { body } = await call('get', path);
      return (body.data.data ?? body.data).length;
    };
    const filters: [door: typeof clinik | typeof jump, path: string, was: string, is: string][] = [
      [clinik, 'patients?name=', 'formerly', 'presently'],
      [clinik, 'patients?phone=', 'formerly-phone@example.com', 'presently-phone@example.com'],
      [clinik, 'patients?email=', 'formerly-email@example.com', 'presently-email@example.com'],
      [clinik, 'practitioners?name=', 'formerly', 'presently'],
      [clinik, 'practitioners?npi=', '5550001', '5550002'],
      [jump, 'patients?search=', 'formerly', 'presently'],
      [jump, 'patients?search=', '9434765870', '9434765919'],
      [jump, 'clinician-profiles?search=', 'formerly', 'presently'],
      [jump, 'clinician-profiles?search=', 'formerly-email', 'presently-email'],
    ];
    for (const [call, path, was, is] of filters)
      expect([path, was, await found(call, path + was), is, await found(call, path + is)]).toEqual([path, was, 0, is, 1]);
  });
  test('a new number does not replace the old one', async () => {
    const id = await create(MARRIED_ANN);
    await clinik('patch', `patients/${id}`).send({ phone: '3' });
    expect((await stored(`Patient/${id}`)).telecom[0]).toEqual({ system: 'phone', use: 'old', value: '1' });
  });
  test('duplicates are compared by current names', async () => {
    await create({ ...MARRIED_ANN, meta: { tag: [{ system: 'https://loop.health/fhir/NamingSystem/brand', code: 'b' }] } });
    const { status } = await loop('patients').send({ brand_id: 'b', first_name: 'Ann', last_name: 'Married', date_of_birth: '1980-01-01' });
    expect(status).toBe(409);
  });
});

describe('of several names, numbers and addresses the current and preferred one is used', () => {
  const ended = { start: '2001-01-01', end: '2015-06-30' };
  const future = { start: '2999-01-01' };
  const SEVERAL = {
    resourceType: 'Patient',
    birthDate: '1980-01-01',
    name: [
      { use: 'maiden', family: 'Before', given: ['Ann'] },
      { use: 'usual', family: 'Now', given: ['Annie'], period: future },
      { use: 'usual', family: 'Usual', given: ['Ann'] },
    ],
    telecom: [
      { system: 'email', value: 'ended@example.com', period: ended },
      { system: 'email', value: 'second@example.com', rank: 2 },
      { system: 'email', value: 'first@example.com', rank: 1 },
      { system: 'phone', use: 'home', value: '1', period: ended },
      { system: 'phone', use: 'home', value: '2' },
      { system: 'phone', value: '3', period: ended },
    ],
    address: [
      { use: 'temp', city: 'Temporary' },
      { use: 'home', city: 'Former', period: ended },
      { use: 'home', type: 'postal', city: 'Box' },
      { use: 'home', city: 'Home' },
    ],
  };
  test('by all APIs', async () => {
    const id = await create({ ...SEVERAL, meta: { tag: [{ system: 'https://loop.health/fhir/NamingSystem/brand', code: 'b' }] } });
    const clinikView = (await clinik('get', `patients/${id}`)).body.data;
    expect([clinikView.lastName, clinikView.email, clinikView.phone, clinikView.address.city]).toEqual([
      'Usual',
      'first@example.com',
      '2',
      'Home',
    ]);
    const visible = (await jump('get', `patients/${id}`)).body.data;
    expect([visible.last_name, visible.email, visible.phone, visible.home_phone, visible.town_city]).toEqual([
      'Usual',
      'first@example.com',
      null,
      '2',
      'Home',
    ]);
  });
  test('by a change, which keeps ended elements', async () => {
    const id = await create(SEVERAL);
    const { body } = await clinik('patch', `patients/${id}`).send({ phone: '4', lastName: 'Changed' });
    expect([body.data.phone, body.data.lastName]).toEqual(['4', 'Changed']);
    const { telecom, name } = await stored(`Patient/${id}`);
    expect(telecom).toEqual(SEVERAL.telecom.map((contact) => (contact.value === '2' ? { ...contact, value: '4' } : contact)));
    expect(name).toEqual(SEVERAL.name.map((humanName) => (humanName.family === 'Usual' ? { ...humanName, family: 'Changed' } : humanName)));
  });
  test('and nobody is found by an ended number or address', async () => {
    const telecom = ['phone', 'email'].flatMap((system) => [
      { system, value: `past-${system}@example.com`, period: ended },
      { system, value: `last-${system}@example.com`, period: { end: '2998' } },
      { system, value: `open-${system}@example.com` },
    ]);
    await create({ ...SEVERAL, telecom });
    for (const system of ['phone', 'email'])
      for (const [word, found] of Object.entries({ past: 0, last: 1, open: 1 })) {
        const { body } = await clinik('get', `patients?${system}=${word}-${system}@example.com`);
        expect([word, system, body.data.data.length]).toEqual([word, system, found]);
      }
  });
  test('and if all have ended, nothing is shown and a change adds one', async () => {
    const telecom = [{ system: 'phone', value: '1', period: ended }];
    const id = await create({ ...SEVERAL, telecom });
    expect((await clinik('get', `patients/${id}`)).body.data.phone).toBeNull();
    const { body } = await clinik('patch', `patients/${id}`).send({ phone: '2' });
    expect(body.data.phone).toBe('2');
    expect((await stored(`Patient/${id}`)).telecom).toEqual([...telecom, { system: 'phone', value: '2' }]);
  });
  test('and a role whose period has ended is not shown for a clinician', async () => {
    const id = await create({ resourceType: 'Practitioner', name: [{ family: 'Lee' }] });
    const role = (text: string, period?: object) => ({
      resourceType: 'PractitionerRole',
      practitioner: { reference: `Practitioner/${id}` },
      code: [{ text }],
      ...(period && { period }),
    });
    await create(role('Formerly', ended));
    await create(role('Next year', future));
    expect((await jump('get', `clinician-profiles/${id}`)).body.data.role).toBeNull();
    await create(role('Today', { start: '2001-01-01' }));
    expect((await jump('get', `clinician-profiles/${id}`)).body.data.role).toBe('Today');
  });
});
