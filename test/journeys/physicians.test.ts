// Registration of a physician during other events: a concurrent request for the same licence, a failing network, a client that disconnects, a FHIR client that
// deletes. POST /v1/physicians. https://docs.ross.platform.loop.health
import request from 'supertest';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { until, waits } from '../until.ts';
import { type Gate, gateTo } from './gate.ts';
import { registration } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

const EXISTS = { error: 'conflict', message: 'Physician already exists for this NPI / state' };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let sandbox: Sandbox;
let gate: Gate;
let facet: Running;
/** How far the server's time is ahead, in ms. */
let ahead = 0;
beforeAll(async () => {
  sandbox = await startSandbox();
  gate = await gateTo(sandbox.url);
  const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: gate.url, JUNCTION_TEAM_ID: sandbox.teamId };
  facet = await startFacet(account, undefined, { clock: () => new Date(Date.now() + ahead) });
});
afterAll(async () => {
  await facet.close();
  await gate.close();
  await sandbox.close();
});
afterEach(() => {
  gate.shut = false;
});

let numbers = 1_400_000_000;
const physician = (more: object = {}) => ({ ...registration(String(numbers++)), ...more });
type Body = ReturnType<typeof physician>;

/** Sent at once, whether somebody waits for the answer or not. */
const post = async (body: Body, key?: string) => {
  const call = request(facet.app).post('/v1/physicians').set('Authorization', `Bearer ${facet.demo.loop}`);
  return await (key === undefined ? call : call.set('idempotency-key', key)).send(body);
};
const get = (id: string) => request(facet.app).get(`/v1/physicians/${id}`).set('Authorization', `Bearer ${facet.demo.loop}`);
const practitioners = async (npi: string) =>
  ((await facet.fhir('get', `/Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|${npi}`)).body.entry ?? []).map(
    ({ resource }: { resource: { id: string } }) => resource,
  );

test('a repeated registration is 409 with the documented text, and changes nothing', async () => {
  const body = physician();
  const first = await post(body);
  expect([first.status, first.body.status]).toEqual([201, 'pending']);
  const repeated = await post({ ...body, name: 'Somebody Else', state_license: '2' });
  expect([repeated.status, repeated.body]).toEqual([409, EXISTS]);
  expect((await get(first.body.id)).body).toEqual(first.body);
});

describe('two concurrent requests for one licence', () => {
  test('the second waits for the first, gets 409 when it is complete, and has changed nothing', async () => {
    const body = physician();
    gate.shut = true;
    const first = post(body);
    const asking = await gate.next();
    const second = post({ ...body, name: 'Somebody Else', state_license: '2' });
    const before = gate.countArrived();
    expect([await waits(second), gate.countArrived()]).toEqual([true, before]);
    await asking.pass();
    const [one, other] = await Promise.all([first, second]);
    expect([one.status, other.status, other.body]).toEqual([201, 409, EXISTS]);
    expect((await get(one.body.id)).body).toEqual({ ...one.body, name: body.name, state_license: '1' });
  });

  test('the second takes over when the first is 502, and its data is stored', async () => {
    const body = physician();
    gate.shut = true;
    const first = post(body);
    const asking = await gate.next();
    const second = post({ ...body, state_license: '2' });
    asking.turn();
    expect((await first).status).toBe(502);
    await (await gate.next()).pass();
    const { status, body: created } = await second;
    expect([status, created.state_license]).toEqual([201, '2']);
    expect((await get(created.id)).body).toEqual(created);
  });

  test('of twenty requests one is registered, the others are 409, and one request is sent to the network', async () => {
    const body = physician();
    const before = gate.countArrived();
    const responses = await Promise.all(Array.from({ length: 20 }, () => post(body)));
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
    expect(gate.countArrived()).toBe(before + 1);
  });

  test('with one idempotency-key both get the same response', async () => {
    const body = physician();
    gate.shut = true;
    const both = [post(body, 'both'), post(body, 'both')];
    await (await gate.next()).pass();
    const [one, other] = await Promise.all(both);
    expect([one!.status, other!.status, other!.text]).toEqual([201, 201, one!.text]);
  });
});

describe('a lost response', () => {
  /** A caller who hangs up when the network has been asked. */
  const unheard = async (body: Body, key: string) => {
    gate.shut = true;
    const hangUp = new AbortController();
    const server = facet.app.listen(0);
    const { port } = server.address() as { port: number };
    const headers = { authorization: `Bearer ${facet.demo.loop}`, 'content-type': 'application/json', 'idempotency-key': key };
    const sent = fetch(`http://127.0.0.1:${port}/v1/physicians`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: hangUp.signal,
    });
    const asking = await gate.next();
    hangUp.abort();
    await expect(sent).rejects.toThrow();
    return async () => {
      await asking.pass();
      gate.shut = false;
      server.close();
    };
  };

  test('counts: a repetition is 409, and the same 201 with the same idempotency-key', async () => {
    const body = physician();
    const goOn = await unheard(body, 'unheard');
    const [repeated, same] = [post(body), post(body, 'unheard')];
    await goOn();
    expect([(await repeated).status, (await same).status]).toEqual([409, 201]);
    expect((await get((await same).body.id)).body).toEqual((await same).body);
  });
});

describe('one person with licences in two states', () => {
  const jump = async (id: string) =>
    (await request(facet.app).get(`/clinician-profiles/${id}`).set('Authorization', `Bearer ${facet.demo.jump}`)).body.data;
  const maria = physician({ name: 'Dr. Maria de la Cruz, MD', email: 'maria@example.com' });

  test('each registration is read back as sent; the Practitioner keeps the first name', async () => {
    const ny = await post(maria);
    const ca = await post({ ...maria, license_state: 'ca', name: 'Maria Cruz', email: 'Cruz@example.com', state_license: '2' });
    expect([ny.status, ca.status]).toEqual([201, 201]);
    expect(ca.body).toMatchObject({ license_state: 'ca', name: 'Maria Cruz', email: 'Cruz@example.com', state_license: '2' });
    for (const { body } of [ny, ca]) expect((await get(body.id)).body).toEqual(body);
    const [person] = await practitioners(maria.npi);
    expect([person.name, person.telecom]).toMatchObject([[{ text: maria.name }], [{ value: maria.email }]]);
    expect(await jump(person.id)).toMatchObject({ name: maria.name, email: maria.email });
  });

  test('a changed name through FHIR is shown by both, and a later licence is read back with its own name', async () => {
    const [person] = await practitioners(maria.npi);
    const before = (await jump(person.id)).updated_at;
    expect((await facet.put({ ...person, name: [{ given: ['Maria'], family: 'Jones' }] })).status).toBe(200);
    const ids = person.qualification.map(({ identifier }: { identifier: { value: string }[] }) => identifier[0]!.value);
    for (const id of ids) expect((await get(id)).body.name).toBe('Maria Jones');
    expect((await get(ids[1])).body.email).toBe('Cruz@example.com');
    const tx = await post({ ...maria, license_state: 'TX' });
    expect([tx.status, tx.body.name]).toEqual([201, maria.name]);
    expect((await get(ids[0])).body.name).toBe('Maria Jones');
    const profile = await jump(person.id);
    expect([profile.name, profile.updated_at >= before]).toEqual(['Maria Jones', true]);
  });

  test('a stored Practitioner keeps its name and address; an equal registered name is not stored a second time', async () => {
    const body = physician({ name: 'Ann Lee' });
    const identifier = [{ system: 'http://hl7.org/fhir/sid/us-npi', value: body.npi }];
    const id = `held-${body.npi}`;
    const existing = {
      resourceType: 'Practitioner',
      id,
      identifier,
      name: [{ given: ['Ann'], family: 'Lee' }],
      telecom: [{ system: 'email', value: 'a.lee@example.com' }],
    };
    expect((await facet.put(existing)).status).toBe(201);
    const created = await post(body);
    expect([created.status, created.body.name, created.body.email]).toEqual([201, 'Ann Lee', 'ann@example.com']);
    const [person] = await practitioners(body.npi);
    expect([person.id, person.name, person.telecom]).toEqual([id, existing.name, existing.telecom]);
    expect(JSON.stringify(person.qualification)).not.toContain('registered-name');
    expect((await get(created.body.id)).body).toEqual(created.body);
  });
});

describe('a physician that is removed through FHIR', () => {
  test('and registered again is a new registration: 201 with a new id, the old id is gone', async () => {
    const body = physician();
    const first = await post(body);
    expect((await facet.fhir('delete', `/Practitioner/${first.body.id}`)).status).toBe(204);
    expect((await get(first.body.id)).status).toBe(404);
    const second = await post(body);
    expect([second.status, second.body]).toEqual([201, { ...first.body, id: expect.stringMatching(UUID), created_at: expect.any(String) }]);
    expect(second.body.id).not.toBe(first.body.id);
    expect((await get(second.body.id)).body).toEqual(second.body);
    expect((await post(body)).body).toEqual(EXISTS);
  });

  test('and restored with its content is registered as before', async () => {
    const body = physician();
    const first = await post(body);
    const [stored] = await practitioners(body.npi);
    await facet.fhir('delete', `/Practitioner/${first.body.id}`);
    expect((await facet.put(stored)).status).toBe(201);
    expect((await get(first.body.id)).body).toEqual(first.body);
    expect((await post(body)).body).toEqual(EXISTS);
  });

  test('by one licence: that licence is registered again with a new id, the others stay', async () => {
    const body = physician();
    const ny = await post(body);
    const ca = await post({ ...body, license_state: 'CA' });
    const [stored] = await practitioners(body.npi);
    const withoutNy = stored.qualification.filter((qualification: object) => !JSON.stringify(qualification).includes('"NY"'));
    expect((await facet.put({ ...stored, qualification: withoutNy })).status).toBe(200);
    expect((await get(ny.body.id)).status).toBe(404);
    const repeated = await post(body);
    expect([repeated.status, repeated.body.id === ny.body.id]).toEqual([201, false]);
    expect((await get(ca.body.id)).body).toEqual(ca.body);
    for (const license_state of ['NY', 'CA']) expect((await post({ ...body, license_state })).body).toEqual(EXISTS);
  });

  test('during the request to the network is registered again, and its id can be read', async () => {
    const body = physician();
    gate.shut = true;
    const sent = post(body);
    const asking = await gate.next();
    const [stored] = await practitioners(body.npi);
    await facet.fhir('delete', `/Practitioner/${stored.id}`);
    await asking.pass();
    await (await gate.next()).pass();
    const { status, body: created } = await sent;
    expect([status, created.id === stored.id]).toEqual([201, false]);
    expect((await get(created.id)).body).toEqual(created);
  });

  test('and whose licence is moved to another Practitioner moves its registration, too', async () => {
    const body = physician();
    const first = await post(body);
    const [stored] = await practitioners(body.npi);
    await facet.fhir('delete', `/Practitioner/${stored.id}`);
    await facet.put({ ...stored, id: `merged-${body.npi}` });
    expect((await get(first.body.id)).body).toEqual(first.body);
    expect((await post(body)).body).toEqual(EXISTS);
  });
});

test('a stored licence without a registration is registered: it keeps its position and gets an id', async () => {
  const body = physician();
  await post({ ...body, license_state: 'NJ' });
  const [stored] = await practitioners(body.npi);
  await facet.fhir('delete', `/Practitioner/${stored.id}`);
  const imported = JSON.parse(JSON.stringify({ ...stored, id: `imported-${body.npi}` }));
  imported.qualification[0].identifier = imported.qualification[0].identifier.slice(1);
  expect((await facet.put(imported)).status).toBe(201);
  const response = await post({ ...body, license_state: 'NJ' });
  expect([response.status, response.body.id]).toEqual([201, expect.stringMatching(UUID)]);
  const [now] = await practitioners(body.npi);
  expect([now.id, now.qualification.length]).toEqual([imported.id, 1]);
});

describe('where JUNCTION_PHYSICIAN_PATH is set', () => {
  test('the physician is pushed there instead of being looked up in the roster', async () => {
    const pushing = await startFacet({
      JUNCTION_API_KEY: sandbox.apiKey,
      JUNCTION_BASE_URL: sandbox.url,
      JUNCTION_TEAM_ID: sandbox.teamId,
      JUNCTION_PHYSICIAN_PATH: '/partner/{team_id}/physicians',
    });
    try {
      const push = (body: Body) =>
        request(pushing.app).post('/v1/physicians').set('Authorization', `Bearer ${pushing.demo.loop}`).send(body);
      const body = physician({ name: 'Dr. Maria de la Cruz, MD' });
      const created = await push(body);
      expect(created.status).toBe(201);
      const registered = sandbox.state.physicians.filter(({ npi }) => npi === body.npi);
      expect(registered).toEqual([
        expect.objectContaining({ first_name: 'Maria', last_name: 'de la Cruz', id: created.body.junction_physician_id }),
      ]);
      expect(created.body.status).toBe('active');
      expect((await push(body)).status).toBe(409);
      sandbox.state.faults = [{ operation: 'pushPhysician', kind: 'cut', when: 'after' }];
      const cut = physician();
      expect([(await push(cut)).status, (await push(cut)).status]).toEqual([502, 201]);
      expect(sandbox.state.physicians.filter(({ npi }) => npi === cut.npi)).toHaveLength(1);
    } finally {
      await pushing.close();
    }
  });
});

// the last of all: time leaps here, and everything that waits comes due
describe('a physician whom the network lists later', () => {
  const looksAt = async (after: number): Promise<void> => {
    const before = gate.countArrived();
    ahead += after;
    await until(() => gate.countArrived() > before);
  };
  const HOUR = 3_600_000;

  test('is pending until then, and active in every API within a quarter of an hour', async () => {
    const body = physician();
    const { id } = (await post(body)).body;
    const other = (await post(physician())).body.id;
    sandbox.state.physicians = [{ first_name: 'Ann', last_name: 'Lee', npi: body.npi, id: 'as-listed' }];
    await looksAt(HOUR / 4 + 1000);
    await until(async () => (await get(id)).body.status === 'active');
    expect((await get(id)).body).toMatchObject({ ...body, status: 'active', junction_physician_id: 'as-listed' });
    const [practitioner] = await practitioners(body.npi);
    expect(JSON.stringify(practitioner)).toContain('"value":"as-listed"');
    const history = await facet.fhir('get', `/Practitioner/${practitioner.id}/_history`);
    const versions = history.body.total;
    await looksAt(HOUR);
    expect((await get(other)).body.status).toBe('pending');
    expect((await facet.fhir('get', `/Practitioner/${practitioner.id}/_history`)).body.total).toBe(versions);
  });

  test('is not created again if it was removed meanwhile; if it was restored, it becomes active with the next check', async () => {
    const body = physician();
    const { id } = (await post(body)).body;
    const [practitioner] = await practitioners(body.npi);
    expect((await facet.fhir('delete', `/Practitioner/${practitioner.id}`)).status).toBe(204);
    sandbox.state.physicians = [{ first_name: 'Ann', last_name: 'Lee', npi: body.npi }];
    await looksAt(HOUR / 2);
    expect(await practitioners(body.npi)).toEqual([]);
    await facet.put(practitioner);
    await looksAt(2 * HOUR);
    await until(async () => (await get(id)).body.status === 'active');
  });
});
