// `facet erase`: nothing of the patient is left in any table, others are untouched, and an interruption at any statement changes nothing.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import request from 'supertest';
import { administer, openAdminContext } from '../../src/cli/admin.ts';
import type { AdminContext } from '../../src/cli/admin-command.ts';
import { readConfig } from '../../src/config.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import type { Database } from '../../src/store/database/database.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

/** What marks the patient's data, and what marks everything else. Nine letters, so that its base64 is the same wherever it begins at a multiple of three. */
const MARK = 'Zebramark';
const OTHER = 'Quaggamrk';
const forms = (mark: string): string[] => [mark.toLowerCase(), btoa(mark).toLowerCase(), Buffer.from(mark).toString('hex')];

let facet: Running;
let sandbox: Sandbox;
let env: Record<string, string>;
let context: AdminContext;
beforeAll(async () => {
  sandbox = await startSandbox();
  env = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: sandbox.url, JUNCTION_TEAM_ID: sandbox.teamId, JUNCTION_SHARED: 'true' };
  env = { ...env, FACET_FULLTEXT: 'on', FACET_BASE_URL: BASE_URL };
  facet = await startFacet(env);
  context = await openAdminContext(facet.store.database, readConfig(env));
});
afterAll(async () => {
  await facet.close();
  await sandbox.close();
});

const erase = async (patient: string, more: Record<string, string> = { yes: 'yes' }, database = facet.store.database): Promise<string[]> =>
  administer(database, { command: 'erase', options: { slug: 'demo', patient, ...more } }, context);

/** Table → the text of each of its rows. */
async function readTables(): Promise<Map<string, string[]>> {
  const { database } = facet.store;
  const tables = await database.query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace order by 1",
  );
  const rows = new Map<string, string[]>();
  for (const { name } of tables)
    rows.set(
      name,
      (await database.query<{ row: string }>(`select t::text as row from ${name} t`)).map(({ row }) => row.toLowerCase()).sort(),
    );
  return rows;
}

/** The tables with a row that contains one of these texts. */
const findTables = async (texts: string[]): Promise<string[]> =>
  [...(await readTables())].flatMap(([table, rows]) => (rows.some((row) => texts.some((text) => row.includes(text))) ? [table] : []));
const rowsOf = async (texts: string[]): Promise<string[]> =>
  [...(await readTables())].flatMap(([table, rows]) =>
    rows.filter((row) => texts.some((text) => row.includes(text))).map((row) => `${table} ${row}`),
  );
/** A hash of all tables that an erasure changes. */
async function readState(): Promise<string> {
  const changed = /^(resource|sx|outbox|idempotency|notification|subscription|placed|webhook|api_key|token_actor|admin_event|network)/;
  const tables = [...(await readTables())].filter(([table]) => changed.test(table));
  return createHash('sha256').update(JSON.stringify(tables)).digest('hex');
}

/** Nothing is on its way, and no order is polled in the next minute. */
const isQuiet = async (): Promise<boolean> => {
  const [{ count }] = (await facet.store.database.query<{ count: number }>(
    `select ((select count(*) from outbox where state in ('queued', 'sending', 'unknown'))
      + (select count(*) from placed_order where lease_by is not null or next_at < $1))::int as count`,
    [new Date(Date.now() + 60_000).toISOString()],
  )) as [{ count: number }];
  return count === 0;
};

const put = async (resource: { resourceType: string; id: string; [element: string]: unknown }, key?: string): Promise<void> => {
  const { status, body } = await facet.put(resource, key);
  expect([status, status < 300 || body]).toEqual([expect.any(Number), true]);
};

/** A record in every table, for a patient whose resources have ids that begin with `prefix`. */
async function storeRecord(patient: string, prefix: string, mark: string, key?: string): Promise<void> {
  const subject = { reference: `Patient/${patient}`, display: mark };
  const text = { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${mark}</div>` };
  const code = { text: mark };
  const named = (more: object) => ({ ...orderable(patient), text, name: [{ family: mark, given: ['Ada'] }], ...more });
  await put(named({}), key);
  await put(named({ identifier: [{ system: 'urn:mrn', value: `${mark}-1` }] }), key);
  const observation = { resourceType: 'Observation', status: 'final', code, subject, text };
  await put(
    {
      ...observation,
      id: `${prefix}-now`,
      valueQuantity: { value: 5.4, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
    },
    key,
  );
  await put({ ...observation, id: `${prefix}-gone`, effectiveDateTime: '2026-01-01' }, key);
  await facet.fhir('delete', `/Observation/${prefix}-gone`, key).expect(204);
  await put({ resourceType: 'Binary', id: `${prefix}-pdf`, contentType: 'text/plain', data: btoa(mark) }, key);
  const attachment = { url: `Binary/${prefix}-pdf`, title: mark };
  await put({ resourceType: 'DocumentReference', id: `${prefix}-document`, status: 'current', subject, content: [{ attachment }] }, key);
  await put({ resourceType: 'RelatedPerson', id: `${prefix}-mother`, patient: subject, name: [{ text: mark }] }, key);
  await put(
    {
      resourceType: 'Provenance',
      id: `${prefix}-origin`,
      target: [{ reference: `Observation/${prefix}-now` }],
      recorded: '2026-01-01T00:00:00Z',
      agent: [{ who: { display: mark } }],
    },
    key,
  );
  const entry = [{ fullUrl: `${BASE_URL}/fhir/R4/Patient/${patient}`, resource: named({}) }];
  await put({ resourceType: 'Bundle', id: `${prefix}-bundle`, type: 'collection', entry }, key);
  await put({ resourceType: 'Task', id: `${prefix}-task`, status: 'draft', intent: 'order', for: subject, description: mark }, key);
}

/** Rows that are made by work outside of this test. */
async function storeTraces(patient: string, prefix: string, mark: string): Promise<void> {
  const { database } = facet.store;
  const at = '2026-01-01T00:00:00Z';
  const [{ tenant }] = (await database.query<{ tenant: number }>("select tenant_id as tenant from tenant where slug = 'demo'")) as [
    { tenant: number },
  ];
  const [{ rtype }] = (await database.query<{ rtype: number }>('select rtype from resource where id = $1', [`${prefix}-now`])) as [
    { rtype: number },
  ];
  await facet.keyWith('loop', ['*'], patient);
  await database.query('update api_key set name = $2 where patient = $1', [patient, mark]);
  await database.query(
    'insert into token_actor (tenant_id, actor, issuer, subject, fhir_user, first_seen_at) values ($1, $2, $3, $4, $5, $6)',
    [tenant, `actor-${prefix}`, 'https://issuer.example.org', mark, `https://example.org/fhir/Patient/${patient}`, at],
  );
  await database.query('insert into subscription_change (tenant_id, rtype, id, ver, lease_until) values ($1, $2, $3, 1, $4)', [
    tenant,
    rtype,
    `${prefix}-now`,
    '2099-01-01T00:00:00Z',
  ]);
  await database.query(
    'insert into notification (tenant_id, subscription, rtype, id, ver, key, created_at, next_at) values ($1, $2, $3, $4, 1, $5, $6, $6)',
    [tenant, 'nobody', rtype, `${prefix}-now`, `key-${prefix}`, at],
  );
}

const createWithLoop = async (mark: string): Promise<string> => {
  const created = await request(facet.app)
    .post('/v1/patients')
    .set({ Authorization: `Bearer ${facet.demo.loop}`, 'idempotency-key': `key-${mark}` })
    .send({ brand_id: 'loop', first_name: 'Ada', last_name: mark })
    .expect(201);
  return created.body.id;
};

const findOrder = async (id: string): Promise<{ orderId: string; userId: string } | undefined> => {
  const rows = await facet.store.database.query<{ payload: { orderId?: string; userId?: string } }>(
    "select payload::json as payload from outbox where subject = $1 and topic = 'order' and state = 'done'",
    [`ServiceRequest/${id}`],
  );
  const { orderId, userId = '' } = rows[0]?.payload ?? {};
  return orderId === undefined ? undefined : { orderId, userId };
};

/** An order that was sent, with an event and an insurance of it. */
async function placeOrder(patient: string, id: string, mark: string): Promise<void> {
  await put({ ...panelFor(patient), id, note: [{ text: mark }] });
  const order = (await until(
    () => findOrder(id),
    (found) => found !== undefined,
  ))!;
  const { database } = facet.store;
  await database.query(
    `insert into webhook_inbox (tenant_id, source, event_id, received_at, raw, state, next_at, type, subject) values (0, 'junction', $1, $2, $3, 'done', $2, 'labtest.order.updated', $4)`,
    [`event-${id}`, '2026-01-01T00:00:00Z', Buffer.from(JSON.stringify({ first_name: mark })), order.orderId],
  );
  await database.query(
    'insert into network_insurance (tenant_id, account_id, user_id, sent_at) select tenant_id, account_id, $2, $3 from outbox where subject = $1 limit 1',
    [`ServiceRequest/${id}`, order.userId, '2026-01-01T00:00:00Z'],
  );
}

const revoke = async (patient: string, id: string): Promise<void> => {
  await put({ ...panelFor(patient), id, status: 'revoked' });
  await until(
    () =>
      facet.store.database.query("select 1 from outbox where subject = $1 and state in ('queued', 'sending', 'unknown')", [
        `ServiceRequest/${id}`,
      ]),
    (open) => open.length === 0,
  );
};

const shared = (id: string, patients: string[]) => ({
  resourceType: 'Group',
  id,
  type: 'person',
  actual: true,
  member: patients.map((patient) => ({ entity: { reference: `Patient/${patient}` } })),
});

test('after an erasure no table contains a value of the patient, and another patient and another tenant are as before', async () => {
  const patient = await createWithLoop(MARK);
  const neighbour = await createWithLoop(OTHER);
  await storeRecord(patient, 'own', MARK);
  await storeTraces(patient, 'own', MARK);
  await storeRecord(neighbour, 'beside', OTHER);
  await storeTraces(neighbour, 'beside', OTHER);
  await storeRecord(patient, 'own', OTHER, facet.other.fhir);
  await put({ resourceType: 'Patient', id: `${patient}-longer`, name: [{ family: OTHER }] });
  await put(shared('ward', [patient, neighbour]));
  await put({
    resourceType: 'Appointment',
    id: 'both',
    status: 'booked',
    start: '2026-01-01T00:00:00Z',
    end: '2026-01-01T01:00:00Z',
    participant: [patient, neighbour].map((id) => ({ actor: { reference: `Patient/${id}` }, status: 'accepted' })),
  });
  // a document of both, and one whose id only begins like that of the patient's document
  await put({ resourceType: 'Binary', id: 'leaflet', contentType: 'text/plain', data: btoa('leaflet') });
  await put({ resourceType: 'Binary', id: 'own-pdf.2', contentType: 'text/plain', data: btoa(OTHER) });
  for (const [id, subject, urls] of [
    ['own-leaflet', patient, ['Binary/leaflet']],
    ['beside-leaflet', neighbour, ['Binary/leaflet', 'Binary/own-pdf.2']],
  ] as const) {
    const content = urls.map((url) => ({ attachment: { url } }));
    await put({ resourceType: 'DocumentReference', id, status: 'current', subject: { reference: `Patient/${subject}` }, content });
  }
  await placeOrder(patient, 'ordered', MARK);
  await placeOrder(neighbour, 'ordered-beside', OTHER);

  await expect(erase(`Patient/${patient}`)).rejects.toThrow(
    /^ServiceRequest\/ordered is an order that has not ended at the laboratory network: revoke it/,
  );
  await revoke(patient, 'ordered');
  await revoke(neighbour, 'ordered-beside');
  await until(isQuiet, (quiet) => quiet);
  const before = await readState();
  const others = await rowsOf(forms(OTHER));
  expect(await findTables(forms(MARK))).toEqual(
    expect.arrayContaining([
      'api_key',
      'idempotency_key',
      'outbox',
      'resource',
      'past_version',
      'sx_string',
      'sx_text',
      'token_actor',
      'webhook_inbox',
    ]),
  );

  const counted = await erase(`Patient/${patient}`, {});
  expect(await readState()).toBe(before);
  expect(counted.at(-1)).toBe(`dry run: nothing of Patient/${patient} of tenant demo was erased; --yes erases it`);
  const erased = await erase(`Patient/${patient}`);
  expect(erased.slice(0, -1)).toEqual(counted.slice(0, -1));
  expect(erased.at(-1)).toBe(`Patient/${patient} of tenant demo is erased`);
  const count = (what: string) => erased.find((line) => line.startsWith(`${what} `))?.split(/ +/)[1];
  const expected = {
    Binary: 1,
    Bundle: 1,
    DocumentReference: 2,
    Observation: 2,
    Patient: 1,
    Provenance: 1,
    RelatedPerson: 1,
    ServiceRequest: 1,
    Task: 2,
  };
  expect(Object.fromEntries(Object.keys(expected).map((type) => [type, Number(count(type))]))).toEqual(expected);
  const queues = [
    'notification',
    'subscription_change',
    'placed_order',
    'webhook_inbox',
    'network_insurance',
    'token_actor',
    'api_key',
    'idempotency_key',
  ];
  expect(queues.filter((table) => count(table) !== '1')).toEqual([]);
  expect(erased).toEqual(
    expect.arrayContaining([
      '3 resources belong to others, too, and are kept: Appointment/both, Binary/leaflet, Group/ward',
      'the laboratory network has its own record of this patient: ask it to erase that, too',
    ]),
  );

  expect(await findTables(forms(MARK))).toEqual([]);
  expect(await rowsOf(forms(OTHER))).toEqual(others);
  expect((await facet.fhir('get', `/Patient/${patient}/_history`)).status).toBe(404);
  expect((await facet.fhir('get', '/Group/ward')).body.member).toHaveLength(2);
  expect((await facet.fhir('get', `/Patient/${neighbour}/$everything`)).body.total).toBeGreaterThan(5);

  await put(shared('ward', [neighbour]));
  await facet.fhir('delete', '/Appointment/both').expect(204);
  expect(await erase(`Patient/${patient}`)).toContain('2 past versions of other resources referred to the patient, and are erased');
  const named = (await findTables([`patient/${patient}"`, `patient/${patient},`])).filter((table) => !table.startsWith('audit_event'));
  // the patient of the other tenant has the same id
  const { fhir } = facet.other;
  expect(named.sort()).toEqual(['past_version', 'resource', 'sx_ref'].filter((table) => named.includes(table)));
  expect((await facet.fhir('get', `/Patient/${patient}`, fhir)).status).toBe(200);
  expect(await erase(`Patient/${patient}`)).toEqual([
    'no resource of this patient is stored',
    `Patient/${patient} of tenant demo is erased`,
  ]);
});

test('the erasure is recorded, without a value of the patient', async () => {
  await storeRecord('recorded', 'recorded', MARK);
  await erase('Patient/recorded');
  const { database } = facet.store;
  const events = await database.query(
    "select actor, via, key_id from admin_event where action = 'patient-erased' order by at desc limit 1",
  );
  expect(events).toEqual([{ actor: 'operator', via: 'cli', key_id: null }]);
  const found = await facet.fhir(
    'get',
    '/AuditEvent?patient=Patient/recorded&action=D&_count=50',
    await facet.keyWith('fhir', ['system/AuditEvent.rs']),
  );
  const recorded = found.body.entry.map(({ resource }: { resource: object }) => resource);
  expect(recorded).toContainEqual(
    expect.objectContaining({
      action: 'D',
      outcome: '0',
      outcomeDesc: 'facet erase: 200',
      source: expect.objectContaining({ site: 'cli' }),
    }),
  );
  expect(JSON.stringify(found.body)).not.toContain(MARK);
  const verified = await administer(database, { command: 'audit verify', options: {} }, context);
  expect(verified.at(-1)).toMatch(/^the audit is intact/);
});

/** A database whose transactions lose the connection after this many statements. */
const failingAfter = (statements: number): Database => ({
  ...facet.store.database,
  transaction: (work) =>
    facet.store.database.transaction((transaction) => {
      let left = statements;
      const query: Database['query'] = (...call) =>
        left-- > 0 ? transaction.query(...call) : Promise.reject(new Error('connection lost'));
      const inside: Database = { ...transaction, query, transaction: (inner) => inner(inside) };
      return work(inside);
    }),
});

test('an erasure that is interrupted at any statement changes nothing, and can be repeated', async () => {
  await storeRecord('interrupted', 'interrupted', MARK);
  const before = await readState();
  let failures = 0;
  for (;;) {
    const failed = await erase('Patient/interrupted', { yes: 'yes' }, failingAfter(failures)).then(
      () => false,
      (error: Error) => error.message === 'connection lost',
    );
    if (!failed) break;
    failures++;
    expect(await readState()).toBe(before);
  }
  expect(failures).toBeGreaterThan(25);
  expect(await findTables(forms(MARK))).toEqual([]);
});

test('what clients write meanwhile is erased with it or by the next run, and they get no server error', async () => {
  await storeRecord('busy', 'busy', MARK);
  const statuses = new Set<number>();
  let isDone = false;
  const write = async (writer: number): Promise<void> => {
    for (let nth = 0; !isDone && nth < 200; nth++) {
      const subject = { reference: 'Patient/busy', display: MARK };
      const id = `busy-${writer}-${nth % 5}`;
      const { status } = await facet.put({ resourceType: 'Observation', id, status: 'final', code: { text: `${MARK} ${nth}` }, subject });
      statuses.add(status);
    }
  };
  const writers = [1, 2, 3, 4].map(write);
  await delay(50);
  await erase('Patient/busy');
  isDone = true;
  await Promise.all(writers);
  expect([...statuses].filter((status) => status >= 500)).toEqual([]);
  await erase('Patient/busy');
  expect(await findTables(forms(MARK))).toEqual([]);
});

test.each([
  ['a tenant that does not exist', { slug: 'nobody' }, /there is no tenant/],
  ['another type', { patient: 'Observation/1' }, /name the patient by type and id: Patient\/<id>/],
  ['a text that is no id', { patient: "Patient/1'" }, /the patient is named by its type and id/],
])('%s is refused', async (_what, options, message) => {
  await expect(erase('Patient/1', { yes: 'yes', ...options })).rejects.toThrow(message);
});
