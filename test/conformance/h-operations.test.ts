// H. operations and the rest, by the numbers of the requirements. https://hl7.org/fhir/R4/operations.html
// 103 ($export), 104 (Subscription) and 108 (orders to the laboratory network) are held where they are built, not here.
import { pino } from 'pino';
import type { Database } from '../../src/store/database/database.ts';
import { type Answer, expectRefusal, idsOf, type Resource, server, store } from './asking.ts';

const lines: string[] = [];
const database = { fails: false };
const { ask, base, facet } = server({
  log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
  over: failing,
});

/** The database, which on demand fails at every statement and says with what values, as drivers do. */
function failing(real: Database): Database {
  return {
    ...real,
    forRequest: (...asked) => failing(real.forRequest(...asked)),
    query: (sql, parameters, name) =>
      database.fails ? Promise.reject(new Error(`duplicate key: ${parameters?.join()}`)) : real.query(sql, parameters, name),
    transaction: (work) => real.transaction((inner) => work(failing(inner))),
  };
}

const PATIENT = { resourceType: 'Patient', name: [{ family: 'Lovelace' }] };
const to = (reference: string) => ({ reference });
const observation = (id: string, subject: string, effectiveDateTime: string, more: object = {}): Resource => {
  return { resourceType: 'Observation', id, status: 'final', code: { text: 'x' }, subject: to(subject), effectiveDateTime, ...more };
};
const severities = ({ body }: Answer) => body.issue.map(({ severity }: { severity: string }) => severity);

describe('H101 $validate', () => {
  test.each([
    ['a resource that is good', '', PATIENT, ['information']],
    ['a resource that is not', '', { ...PATIENT, gender: 'F', birthDate: '2026-02-30' }, ['error', 'error']],
    ['Parameters', '', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: PATIENT }] }, ['information']],
    ['against a profile', '?profile=http://hl7.org/fhir/StructureDefinition/Patient', PATIENT, ['information']],
    ['for a create', '?mode=create', PATIENT, ['information']],
    ['for an update, without an id', '?mode=update', PATIENT, ['error']],
  ])('%s: 200 with an OperationOutcome', async (_title, query, body, expected) => {
    const answer = await ask('POST', `/Patient/$validate${query}`, { body });
    expect([answer.status, answer.body.resourceType, severities(answer)]).toEqual([200, 'OperationOutcome', expected]);
  });

  test('of a stored resource and of its next version; nothing is written', async () => {
    await store(ask, { ...PATIENT, id: 'h101' });
    expect(severities(await ask('GET', '/Patient/h101/$validate'))).toEqual(['information']);
    const worse = { ...PATIENT, id: 'h101', gender: 'F' };
    expect(severities(await ask('POST', '/Patient/h101/$validate?mode=update', { body: worse }))).toEqual(['error']);
    expect((await ask('GET', '/Patient/h101')).body).toMatchObject({ meta: { versionId: '1' } });
  });

  test('a profile that is not loaded is 400: nothing was validated', async () => {
    expectRefusal(await ask('POST', '/Patient/$validate?profile=http://example.org/none', { body: PATIENT }), 400);
  });
});

describe('H102 $everything of a patient', () => {
  const everything = async (query = '') => idsOf(await ask('GET', `/Patient/h102/$everything${query}`));

  beforeAll(() =>
    store(
      ask,
      { ...PATIENT, id: 'h102' },
      { ...PATIENT, id: 'h102-other' },
      observation('h102-old', 'Patient/h102', '2019-05-01'),
      observation('h102-new', 'Patient/h102', '2024-05-01', { performer: [to('Practitioner/h102-lee')] }),
      observation('h102-not', 'Patient/h102-other', '2024-05-01'),
      { resourceType: 'Practitioner', id: 'h102-lee', name: [{ family: 'Lee' }] },
    ),
  );

  test.each([
    ['', ['h102', 'h102-new', 'h102-old']],
    ['?start=2024-01-01', ['h102', 'h102-new']],
    ['?end=2020', ['h102', 'h102-old']],
    ['?_since=2999-01-01T00:00:00Z', []],
    ['?_type=Observation', ['h102-new', 'h102-old']],
  ])('%s', async (query, expected) => {
    expect((await everything(query)).sort()).toEqual(expected);
  });

  test('includes the resources that the record refers to, in pages of _count', async () => {
    const included: string[] = [];
    const seen: string[] = [];
    for (let path: string | undefined = '/Patient/h102/$everything?_count=1'; path; ) {
      const page: Answer = await ask('GET', path);
      seen.push(...idsOf(page));
      included.push(
        ...page.body.entry.flatMap(({ resource, search }: { resource: Resource; search: { mode: string } }) =>
          search.mode === 'include' ? resource.id : [],
        ),
      );
      path = page.body.link.find(({ relation }: { relation: string }) => relation === 'next')?.url.slice(base().length);
    }
    expect([seen.sort(), included]).toEqual([['h102', 'h102-new', 'h102-old'], ['h102-lee']]);
  });

  test('of an unknown patient is 404', async () => {
    expectRefusal(await ask('GET', '/Patient/h102-nobody/$everything'), 404, 'not-found');
  });
});

describe('H105 scopes', () => {
  test('without a key or with a wrong one 401 with WWW-Authenticate', async () => {
    for (const key of [null, 'wrong']) {
      const refused = await ask('GET', '/Patient', { key });
      expectRefusal(refused, 401, 'login');
      expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  test.each([
    ['GET', '/Observation', 'system/Patient.rs'],
    ['GET', '/Patient', 'system/Patient.r'],
    ['GET', '/Patient/x', 'system/Patient.s'],
    ['POST', '/Patient', 'system/Patient.ruds'],
    ['PUT', '/Patient/x', 'system/Patient.rs'],
    ['DELETE', '/Patient/x', 'system/Patient.crus'],
    ['GET', '/Patient', 'write'],
  ])('%s %s with the scope %s is 403', async (method, path, scope) => {
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: { ...PATIENT, id: 'x' } };
    expectRefusal(await ask(method, path, { key: await facet().keyWith('fhir', [scope]), ...body }), 403, 'forbidden');
  });

  test('a scope of SMART v2 permits its interactions', async () => {
    const key = await facet().keyWith('fhir', ['system/Observation.rs']);
    expect((await ask('GET', '/Observation', { key })).status).toBe(200);
  });

  // Keys are given by the operator. SMART's own ways to a token are not offered, so nothing may say that they are.
  test('a scope that is not one of resources permits nothing', async () => {
    expectRefusal(await ask('GET', '/Observation', { key: await facet().keyWith('fhir', ['launch/patient']) }), 403, 'forbidden');
  });

  test('SMART App Launch is not offered: no configuration is served, no SMART service declared', async () => {
    expectRefusal(await ask('GET', '/.well-known/smart-configuration', { key: null }), [401, 404]);
    const { body } = await ask('GET', '/metadata');
    expect(body.rest[0].security).not.toHaveProperty('service');
  });
});

describe('H106 audit', () => {
  test('AuditEvents are searched with a scope of their own, and nobody writes one', async () => {
    expectRefusal(await ask('GET', '/AuditEvent'), 403, 'forbidden');
    const key = await facet().keyWith('fhir', ['system/AuditEvent.rs']);
    expect((await ask('GET', '/AuditEvent', { key })).body).toMatchObject({ resourceType: 'Bundle', type: 'searchset' });
    expectRefusal(await ask('POST', '/AuditEvent', { key, body: { resourceType: 'AuditEvent' } }), 405);
  });

  test('the log has a failure with its request id and without health data, even if the database error contains values', async () => {
    const body = { ...PATIENT, name: [{ family: 'Secretive' }], birthDate: 'Secretive' };
    await ask('POST', '/Patient', { body });
    await ask('GET', '/Patient?family=Secretive');
    await ask('GET', '/Patient?Secretive=Secretive');
    await ask('GET', '/Patient/Secretive');
    database.fails = true;
    const failed = await ask('GET', '/Patient?family=Secretive');
    const written = await ask('POST', '/Patient', { body: { ...PATIENT, name: [{ family: 'Secretive' }] } });
    const uuid = '01936b00-0000-7000-8000-0000000000ae';
    const named = await ask('GET', '/Patient?family=Secretive', { headers: { 'X-Request-Id': uuid } });
    expect((await ask('GET', '/Patient', { headers: { 'X-Request-Id': 'Secretive' } })).headers.get('x-request-id')).toBe('Secretive');
    database.fails = false;
    for (const { status, headers, text } of [failed, written, named]) {
      expect([status, text.includes('Secretive')]).toEqual([500, false]);
      expect(lines.join('')).toContain(headers.get('x-request-id'));
    }
    expect(lines.join('').toLowerCase()).not.toContain('secretive');
  });
});

test('H107 a reference need not resolve, as the CapabilityStatement declares', async () => {
  expect((await ask('GET', '/metadata')).body.rest[0].documentation).toContain('References need not resolve');
  await store(ask, observation('h107', 'Patient/h107-nobody', '2024'));
  expect((await ask('GET', '/Observation/h107')).body.subject).toEqual(to('Patient/h107-nobody'));
  expect((await ask('GET', '/Observation?_id=h107&_include=Observation:subject')).body.entry).toHaveLength(1);
});

test('H107 a resource that others refer to may be deleted; the others stay unchanged', async () => {
  await store(ask, { ...PATIENT, id: 'h107-gone' }, observation('h107-left', 'Patient/h107-gone', '2024'));
  expect((await ask('DELETE', '/Patient/h107-gone')).status).toBe(204);
  expect((await ask('GET', '/Observation?subject=Patient/h107-gone')).body.entry).toHaveLength(1);
});
