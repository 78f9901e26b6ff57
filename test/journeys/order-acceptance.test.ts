// Every API accepts the same requests as orders, and reports the others. docs/decisions/0023-order-acceptance.md
import request from 'supertest';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

const PATIENT = '01936b00-0000-7000-8000-0000000000ae';
const PANELS = 'https://loop.health/fhir/CodeSystem/lab-panel';
const METABOLIC = { system: 'http://loinc.org', code: '24323-8' };
const LIPIDS = { system: 'http://loinc.org', code: '57698-3' };
const WARNING = { severity: 'warning', code: 'business-rule', expression: ['ServiceRequest.code'] };

let facet: Running;
let strict: Running;
beforeAll(async () => {
  [facet, strict] = [await startFacet(), await startFacet({ FACET_ORDERS: 'strict' })];
  for (const server of [facet, strict]) {
    await server.put(orderable(PATIENT));
    await server.put(entry('a', METABOLIC, 'pcos'));
    for (const panel of ['pcos', 'fertility']) await server.put(entry(panel, LIPIDS, panel));
  }
});
afterAll(async () => {
  await facet.close();
  await strict.close();
});

const entry = (id: string, loinc: object, panel: string) => ({
  resourceType: 'ActivityDefinition',
  id,
  status: 'active',
  kind: 'ServiceRequest',
  title: id,
  code: { coding: [loinc, { system: PANELS, code: panel }] },
});
const by = (...coding: object[]) => ({ ...panelFor(PATIENT), code: { coding } });
const UNKNOWN = by({ system: 'http://loinc.org', code: '2093-3' });
const send = (server: Running, path: string, body: object, prefer = 'return=OperationOutcome') =>
  server.fhir('post', path).set('Content-Type', 'application/fhir+json').set('Prefer', prefer).send(JSON.stringify(body));
const clinik = (server: Running, body: object) =>
  request(server.app)
    .post('/v1/service-requests')
    .set('x-api-key', server.demo.clinik!)
    .send({ status: 'active', intent: 'order', patientId: PATIENT, category: ['laboratory'], ...body });
const taskOf = async (id: string) =>
  (await facet.fhir('get', `/Task?focus=ServiceRequest/${id}`)).body.entry?.map((entry: { resource: unknown }) => entry.resource);
/** A vendor's id in FHIR's words: the same UUID. */
/** Without a sort, the resource that was created last comes first: the network may change an earlier one meanwhile. */
const newest = async () => (await facet.fhir('get', `/ServiceRequest?subject=Patient/${PATIENT}&_count=1`)).body.entry[0].resource.id;
const sent = async (id: string) =>
  until(
    () => facet.fhir('get', `/ServiceRequest/${id}`),
    ({ body }) => body.identifier !== undefined,
  );

test('a laboratory request that cannot be ordered is stored with a Task, and the OperationOutcome has a warning', async () => {
  const created = await send(facet, '/ServiceRequest', UNKNOWN);
  expect([created.status, created.body.issue]).toEqual([
    201,
    [expect.objectContaining(WARNING), expect.objectContaining({ severity: 'information', diagnostics: 'created' })],
  ]);
  const [, id] = /ServiceRequest\/([^/]+)\//.exec(created.headers.location!)!;
  expect(await taskOf(id!)).toEqual([
    expect.objectContaining({ status: 'rejected', statusReason: { text: created.body.issue[0].diagnostics } }),
  ]);
  const dry = await send(facet, '/ServiceRequest/$validate?mode=create', UNKNOWN);
  expect(dry.body.issue).toEqual([created.body.issue[0]]);
});

test.each(['batch', 'transaction'])(
  'the warning is also in the response to a %s, a PUT, and a patch that activates a draft',
  async (type) => {
    const id = `in-${type}`;
    const bundle = (entry: object) => send(facet, '/', { resourceType: 'Bundle', type, entry: [entry] });
    const draft = { ...UNKNOWN, id, status: 'draft' };
    const url = `ServiceRequest/${id}`;
    const first = await bundle({ request: { method: 'PUT', url }, resource: draft });
    expect(first.body.entry[0].response.outcome.issue).toHaveLength(1);
    const operation = [
      { name: 'type', valueCode: 'replace' },
      { name: 'path', valueString: 'ServiceRequest.status' },
      { name: 'value', valueCode: 'active' },
    ];
    const patched = await bundle({
      request: { method: 'PATCH', url },
      resource: { resourceType: 'Parameters', parameter: [{ name: 'operation', part: operation }] },
    });
    expect(patched.body.entry[0].response.outcome.issue).toEqual([
      expect.objectContaining(WARNING),
      expect.objectContaining({ severity: 'information' }),
    ]);
    expect(await taskOf(id)).toEqual([expect.objectContaining({ status: 'rejected' })]);
  },
);

test('a conditional create with an existing match is neither ordered nor rejected again', async () => {
  const identifier = [{ system: 'urn:own', value: '7' }];
  const create = () =>
    facet
      .fhir('post', '/ServiceRequest')
      .set('Content-Type', 'application/fhir+json')
      .set('If-None-Exist', 'identifier=urn:own|7')
      .send(JSON.stringify({ ...UNKNOWN, identifier }));
  const [created, repeated] = [await create(), await create()];
  expect([created.status, repeated.status, (await taskOf(created.body.id)).length]).toEqual([201, 200, 1]);
});

test.each<[string, object]>([
  ['a panel', { system: PANELS, code: 'pcos' }],
  ['LOINC that the catalogue has one test for', METABOLIC],
])('a vendor’s client orders by %s, with its own value for a laboratory', async (_title, code) => {
  const created = await clinik(facet, { code });
  expect([created.status, created.body.data.category]).toEqual([201, ['laboratory']]);
  const id = await newest();
  expect(await taskOf(id)).toHaveLength(1);
  expect((await sent(id)).body.identifier).toEqual([expect.objectContaining({ system: expect.stringContaining('junction-order-id') })]);
});

test('a vendor’s client gets an error for an ambiguous code under its own field, and a rejecting Task for an unknown one', async () => {
  const several = await clinik(facet, { code: LIPIDS });
  expect([several.status, several.body.error]).toEqual([422, expect.stringMatching(/^code: .*fertility.*pcos/)]);
  expect((await clinik(facet, { code: { system: 'http://loinc.org', code: '2093-3' } })).status).toBe(201);
  expect(await taskOf(await newest())).toEqual([expect.objectContaining({ status: 'rejected' })]);
});

test('the vendor’s complete body is stored before the catalogue has its test, and refused by its own fields afterwards', async () => {
  const idOf = (n: number) => `01936b00-0000-7000-8000-0000000000c${n}`;
  const subject = { reference: `Patient/${PATIENT}` };
  await facet.put({ resourceType: 'Encounter', id: idOf(1), status: 'planned', class: { code: 'AMB' }, subject });
  for (const n of [4, 5, 6]) await facet.put({ resourceType: 'Practitioner', id: idOf(n), name: [{ given: ['Ann'], family: 'Lee' }] });
  for (const n of [7, 8]) await facet.put({ resourceType: 'ServiceRequest', id: idOf(n), status: 'draft', intent: 'plan', subject });
  const whole = {
    encounterId: idOf(1),
    code: { system: 'http://loinc.org', code: '24320-4', display: 'Basic metabolic panel' },
    priority: 'urgent',
    doNotPerform: false,
    occurrenceDateTime: '2025-02-01T08:00:00Z',
    asNeeded: true,
    authoredOn: '2025-01-15T09:00:00Z',
    requesterId: idOf(4),
    performerType: 'Cardiologist',
    performerIds: [idOf(5), idOf(6)],
    reasonCode: ['Pre-operative assessment'],
    bodySite: ['Arm'],
    note: 'Fasting required — draw before 10am',
    patientInstruction: 'Do not eat or drink after midnight',
    basedOn: [idOf(7)],
    replaces: [idOf(8)],
  };
  const created = await clinik(facet, whole);
  const id = await newest();
  expect([created.status, await taskOf(id)]).toEqual([201, [expect.objectContaining({ status: 'rejected' })]]);
  await facet.put(entry('basic', { system: 'http://loinc.org', code: '24320-4' }, 'pcos'));
  const changed = await request(facet.app)
    .patch(`/v1/service-requests/${created.body.data.id}`)
    .set('x-api-key', facet.demo.clinik!)
    .send({ note: 'Draw before noon' });
  expect([changed.status, changed.body.data.note]).toEqual([200, 'Draw before noon']);
  expect(await taskOf(id)).toEqual([
    expect.objectContaining({ status: 'rejected', statusReason: { text: expect.stringMatching(/body site.*performer/) } }),
  ]);
  const refused = await clinik(facet, whole);
  expect(refused.status).toBe(422);
  for (const field of ['asNeeded', 'bodySite', 'performerIds', 'requesterId']) expect(refused.body.error).toContain(`${field}: `);
  const { asNeeded: _asNeeded, bodySite: _bodySite, performerIds: _performers, requesterId: _requester, ...orderable } = whole;
  expect((await clinik(facet, orderable)).status).toBe(201);
  expect(await taskOf(await newest())).toEqual([
    expect.objectContaining({ intent: 'order', status: expect.not.stringMatching('rejected') }),
  ]);
});

test('an imaging request is not a laboratory request', async () => {
  expect((await clinik(facet, { category: ['imaging'], code: 'MRI Brain without contrast' })).status).toBe(201);
  expect(await taskOf(await newest())).toBeUndefined();
});

test('a strict installation refuses it in every API, and stores nothing', async () => {
  const error = expect.objectContaining({ ...WARNING, severity: 'error' });
  const created = await send(strict, '/ServiceRequest', UNKNOWN);
  expect([created.status, created.body.issue]).toEqual([422, [error]]);
  expect((await send(strict, '/ServiceRequest/$validate?mode=create', UNKNOWN)).body.issue).toEqual([error]);
  expect((await clinik(strict, { code: { code: 'CMP' } })).status).toBe(422);
  expect((await strict.fhir('get', `/ServiceRequest?_summary=count`)).body.total).toBe(0);
  expect((await clinik(strict, { category: ['imaging'] })).status).toBe(201);
});

test('the CapabilityStatement documents for each intent of ServiceRequest whether it is sent', async () => {
  const documentation = async (server: Running) => {
    const { rest } = (await server.fhir('get', '/metadata')).body as { rest: { resource: { type: string; documentation?: string }[] }[] };
    return rest[0]!.resource.find(({ type }) => type === 'ServiceRequest')!.documentation;
  };
  const text = await documentation(facet);
  for (const intent of [
    'order',
    'original-order',
    'instance-order',
    'filler-order',
    'reflex-order',
    'proposal',
    'plan',
    'option',
    'directive',
  ])
    expect(text).toContain(`- \`${intent}\`: `);
  expect(text).toContain('status rejected');
  expect(await documentation(strict)).toContain('refused (422)');
});
