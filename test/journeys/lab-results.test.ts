// From a vendor's order to its results: the sandbox sends webhooks over HTTP, and the results are visible in Loop and FHIR, only for their tenant.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { LAB_PROFILES, loadUsCore } from '../orders/us-core-results.ts';
import { type Receiver, startReceiver } from '../subscriptions/receiver.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let sandbox: Sandbox;
let server: Server;
let subscriber: Receiver;
beforeAll(async () => {
  subscriber = await startReceiver();
  sandbox = await startSandbox();
  facet = await startFacet({
    JUNCTION_API_KEY: sandbox.apiKey,
    JUNCTION_BASE_URL: sandbox.url,
    JUNCTION_TEAM_ID: sandbox.teamId,
    JUNCTION_WEBHOOK_SECRET: sandbox.state.webhooks.secret,
  });
  server = facet.app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/webhooks/junction`;
  await control('PUT', '/webhooks', { url });
});
afterAll(async () => {
  server.close();
  await facet.close();
  await sandbox.close();
  await subscriber.close();
});

const PATIENT = '01936b00-0000-7000-8000-0000000000aa';
const control = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) =>
  (await fetch(`${sandbox.url}/sandbox${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })).json();
const fhir = (method: 'get' | 'put', path: string, key = facet.demo.fhir!) =>
  request(server)[method](`/fhir/R4${path}`).set('x-api-key', key).set('Content-Type', 'application/fhir+json');
const matches = async (path: string, key?: string) =>
  ((await fhir('get', path, key)).body.entry ?? []).map((entry: { resource: unknown }) => entry.resource);
const labOrder = (id: string, key = facet.demo.loop!) => request(server).get(`/v1/lab-orders/${id}`).set('x-api-key', key);

test('a subscription to reports receives the report as FHIR, and no report of another tenant', async () => {
  for (const [name, key] of [
    ['mine', facet.demo.fhir!],
    ['theirs', facet.other.fhir!],
  ] as const) {
    const channel = { type: 'rest-hook', endpoint: `${subscriber.url}/${name}`, payload: 'application/fhir+json' };
    const serviceRequest = {
      resourceType: 'Subscription',
      id: 'reports',
      status: 'requested',
      reason: 'results',
      criteria: 'DiagnosticReport?',
      channel,
    };
    const created = await fhir('put', '/Subscription/reports', key).send(JSON.stringify(serviceRequest));
    expect([created.status, created.body.status]).toEqual([201, 'requested']);
    expect((await fhir('get', '/Subscription/reports', key)).body.status).toBe('active');
    const forged = await fhir('put', '/Subscription/forged', key).send(
      JSON.stringify({ ...serviceRequest, id: 'forged', status: 'active' }),
    );
    expect([forged.status, forged.body.issue[0].expression]).toEqual([422, ['Subscription.status']]);
  }
});

test('an order through Loop has results in FHIR, and is completed in Loop', async () => {
  await fhir('put', `/Patient/${PATIENT}`).send(JSON.stringify(orderable(PATIENT)));
  const created = await request(server)
    .post('/v1/lab-orders')
    .set('x-api-key', facet.demo.loop!)
    .set('idempotency-key', 'journey')
    .send({ brand_id: 'loop', patient_id: PATIENT, panel_id: 'hashimotos' });
  expect([created.status, created.body.status, created.body.completed_at]).toEqual([201, 'received', null]);
  const { id, junction_order_id: order } = created.body;

  await control('POST', `/orders/${order}/step`, { status: 'collecting_sample.walk_in_test.appointment_pending' });
  expect(
    (
      await until(
        () => labOrder(id),
        ({ body }) => body.status === 'collecting_sample',
      )
    ).body,
  ).toMatchObject({
    status: 'collecting_sample',
    completed_at: null,
  });

  const before = Date.now();
  await control('POST', `/orders/${order}/step`, { status: 'completed.walk_in_test.completed', interpretation: 'critical' });
  const done = (
    await until(
      () => labOrder(id),
      ({ body }) => body.status === 'completed',
    )
  ).body;
  expect(done).toMatchObject({ id, junction_order_id: order, status: 'completed', panel_id: 'hashimotos' });
  expect(Date.parse(done.completed_at)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(done.completed_at)).toBeLessThanOrEqual(Date.now());

  await subscriber.has(1);
  const [notification] = subscriber.got;
  const { id: reported, status, basedOn } = JSON.parse(notification!.body);
  expect([notification!.method, notification!.path, status]).toEqual(['PUT', `/mine/DiagnosticReport/${reported}`, 'final']);
  expect(basedOn).toEqual([{ reference: `ServiceRequest/${id}` }]);
  expect(notification!.headers['webhook-signature']).toMatch(/^v1,/);

  const readReports = () => matches(`/DiagnosticReport?based-on=ServiceRequest/${id}`);
  const [report] = await until(readReports, ([found]) => found?.presentedForm !== undefined);
  expect(report).toMatchObject({
    status: 'final',
    subject: { reference: `Patient/${PATIENT}` },
    meta: { tag: [{ code: 'critical' }, { code: 'loop' }] },
  });
  const found = await matches(
    `/Observation?patient=${PATIENT}&code=http://loinc.org|3016-3&value-quantity=gt20|http://unitsofmeasure.org|m[IU]/L`,
  );
  expect(found).toMatchObject([{ interpretation: [{ coding: [{ code: 'HH' }] }], valueQuantity: { value: 22.5 } }]);
  const document = report.presentedForm[0];
  const pdf = await request(server).get(`/fhir/R4/${document.url}`).set('x-api-key', facet.demo.fhir!).set('Accept', 'application/pdf');
  expect([pdf.status, pdf.headers['content-type']]).toEqual([200, 'application/pdf']);
  const [task] = await matches(`/Task?focus=ServiceRequest/${id}`);
  expect(task).toMatchObject({ status: 'completed', output: [{ valueReference: { reference: `DiagnosticReport/${report.id}` } }] });

  const flags = (key: string) => request(server).get(`/v1/red-flags/${PATIENT}`).set('x-api-key', key);
  const flagged = await flags(facet.demo.loop!);
  expect([flagged.status, flagged.body.flags.length]).toEqual([200, found.length]);
  expect(flagged.body.flags[0]).toEqual({
    id: found[0].id,
    patient_id: PATIENT,
    brand_id: 'loop',
    rule_id: 'critical-high',
    rule_name: 'Critically high',
    severity: 'urgent',
    biomarker_code: found[0].code.coding.find(({ system }: { system: string }) => system.endsWith('/junction-biomarker')).code,
    biomarker_id: found[0].id,
    message: expect.stringContaining(found[0].code.text),
    acknowledged: false,
    detected_at: expect.any(String),
  });
  expect((await flags(facet.other.loop!)).status).toBe(404);
  expect(await matches(`/DiagnosticReport`, facet.other.fhir)).toEqual([]);
  expect((await fhir('get', `/DiagnosticReport/${report.id}`, facet.other.fhir)).status).toBe(404);
  expect((await labOrder(id, facet.other.loop)).status).toBe(404);

  await control('POST', `/orders/${order}/step`, { status: 'completed.walk_in_test.corrected' });
  const [corrected] = await until(
    readReports,
    ([found]) => found?.presentedForm !== undefined && found.presentedForm[0].hash !== document.hash,
  );
  expect([corrected.status, corrected.presentedForm.length]).toEqual(['corrected', 1]);
});

test('$validate finds no error against the laboratory profiles of US Core, and results claim no profile', async () => {
  await loadUsCore(facet.store);
  for (const [type, profile] of Object.entries(LAB_PROFILES)) {
    const resources = await matches(`/${type}?_count=100`);
    expect(resources.length).toBeGreaterThan(0);
    for (const { id, meta } of resources) {
      const validated = await until(
        () => fhir('get', `/${type}/${id}/$validate?mode=profile&profile=${profile}`),
        ({ status }) => status === 200,
      );
      expect([meta.profile, validated.body.issue.filter(({ severity }: { severity: string }) => severity === 'error')]).toEqual([
        undefined,
        [],
      ]);
    }
  }
});

test('two tenants with orders of the same ids each get their own results', async () => {
  const same = { ...panelFor('same', 'pcos'), id: 'same' };
  const keys = [facet.demo.fhir!, facet.other.fhir!];
  for (const key of keys) {
    await fhir('put', '/Patient/same', key).send(JSON.stringify(orderable('same')));
    expect((await fhir('put', '/ServiceRequest/same', key).send(JSON.stringify(same))).status).toBe(201);
  }
  const orderOf = async (key: string): Promise<string> => {
    const readOrderId = async () => (await fhir('get', '/ServiceRequest/same', key)).body.identifier?.[0]?.value as string | undefined;
    return (await until(readOrderId, (value) => value !== undefined))!;
  };
  const [mine, theirs] = [await orderOf(keys[0]!), await orderOf(keys[1]!)];
  expect(mine).not.toBe(theirs);
  await control('POST', `/orders/${theirs}/step`, { status: 'completed.walk_in_test.completed' });
  const [report] = await until(
    () => matches('/DiagnosticReport?based-on=ServiceRequest/same', keys[1]),
    ([found]) => found !== undefined,
  );
  expect(report.identifier[0].value).toBe(theirs);
  expect(await matches('/DiagnosticReport?based-on=ServiceRequest/same', keys[0])).toEqual([]);
  const toThem = () => subscriber.got.filter(({ path }) => path.startsWith('/theirs/'));
  await until(
    async () => toThem().length,
    (count) => count > 0,
  );
  expect(new Set(toThem().map(({ path }) => path))).toEqual(new Set([`/theirs/DiagnosticReport/${report.id}`]));
});

test('an unsigned webhook is refused, and the endpoint accepts POST only', async () => {
  const forged = await request(server).post('/webhooks/junction').send('{"event_type":"labtest.order.updated"}');
  expect([forged.status, forged.body]).toEqual([401, { error: 'login', message: 'this message is not accepted' }]);
  expect((await request(server).get('/webhooks/junction')).status).toBe(405);
});
