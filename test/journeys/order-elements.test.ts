// The elements of a ServiceRequest reach the lab network unchanged; elements that cannot be sent are refused before anything is written. Orders go through a
// whole server to the sandbox.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import request from 'supertest';
import { SANDBOX_ACCOUNT, SANDBOX_PANELS } from '../../src/junction-sandbox/sandbox-state.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { until } from '../until.ts';
import { orderable, panelFor } from './people.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let sandbox: Sandbox;
let server: Server;
beforeAll(async () => {
  sandbox = await startSandbox();
  const [labTest] = SANDBOX_PANELS.pcos!;
  sandbox.state.questions = [{ labTest: labTest!, markerId: 173, questionId: 1234567890251, text: 'Why?' }];
  facet = await startFacet({
    JUNCTION_API_KEY: sandbox.apiKey,
    JUNCTION_BASE_URL: sandbox.url,
    JUNCTION_TEAM_ID: sandbox.teamId,
  });
  server = facet.app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await fhir('put', `/Patient/${PATIENT}`, orderable(PATIENT));
});
afterAll(async () => {
  server.close();
  await facet.close();
  await sandbox.close();
});

const PATIENT = '01936b00-0000-7000-8000-0000000000ad';
const INSURED = '01936b00-0000-7000-8000-0000000000b1';
const NOTED = '01936b00-0000-7000-8000-0000000000b2';
const OURS = 'https://loop.health/fhir';
const subject = { reference: `Patient/${PATIENT}` };
const fhir = (method: 'get' | 'put' | 'post' | 'patch', path: string, body?: object) =>
  request(server)
    [method](`/fhir/R4${path}`)
    .set('x-api-key', facet.demo.fhir!)
    .set('Content-Type', 'application/fhir+json')
    .send(body && JSON.stringify(body));
const order = (id: string, more: object = {}) => ({ ...panelFor(PATIENT, 'hashimotos'), id, ...more });
const task = async (id: string) => (await fhir('get', `/Task?focus=ServiceRequest/${id}`)).body.entry?.[0]?.resource;
/** The order as the network was told it. */
const readOutcome = async (id: string): Promise<Record<string, unknown>> => {
  const { identifier } = (
    await until(
      () => fhir('get', `/ServiceRequest/${id}`),
      ({ body }) => body.identifier !== undefined,
    )
  ).body as { identifier: { system: string; value: string }[] };
  const { value } = identifier.find(({ system }) => system.endsWith('/junction-order-id'))!;
  return sandbox.state.orders.get(value)!.sent;
};
const entry = (resource: { resourceType: string; id: string }) => ({
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  resource,
});

test('the request in docs/orders.md is an order, and its dry run stores nothing', async () => {
  const printed = /^```json\n(.*?)\n```$/ms.exec(readFileSync('docs/orders.md', 'utf8'))![1]!;
  const output = JSON.parse(printed) as { subject: { reference: string } };
  const [, id] = output.subject.reference.split('/');
  await fhir('put', `/Patient/${id}`, orderable(id!));
  const dry = await fhir('post', '/ServiceRequest/$validate?mode=create', output);
  expect(dry.body.issue).toEqual([expect.objectContaining({ severity: 'information' })]);
  expect((await fhir('get', `/ServiceRequest?subject=Patient/${id}&_summary=count`)).body.total).toBe(0);
  const created = await fhir('post', '/ServiceRequest', output);
  expect([created.status, await task(created.body.id)]).toEqual([201, expect.objectContaining({ resourceType: 'Task' })]);
  expect(await readOutcome(created.body.id)).toMatchObject({ icd_codes: ['E06.3'], clinical_notes: 'Fasting since yesterday evening' });
});

const CONDITION = { code: { coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'E28.2' }] }, subject };
const ANSWERS = {
  status: 'completed',
  subject,
  item: [
    { linkId: '173.1234567890251', answer: [{ valueCoding: { code: 'LCANS4' } }] },
    { linkId: '173.2', answer: [{ valueDate: '2026-11-01' }] },
  ],
};
const CONSENT = {
  status: 'active',
  scope: { text: 'treatment' },
  category: [{ coding: [{ system: `${OURS}/CodeSystem/junction-consent`, code: 'hipaa-authorization' }] }],
  patient: subject,
  dateTime: '2026-11-20T10:00:00-05:00',
  policyRule: { text: 'HIPAA' },
};
const LABORATORY = { name: 'Laboratory', identifier: [{ system: `${OURS}/NamingSystem/junction-lab-account`, value: SANDBOX_ACCOUNT }] };
const WORDS = {
  code: { coding: [{ system: `${OURS}/CodeSystem/lab-panel`, code: 'pcos' }] },
  note: [{ text: 'fasting since “8 pm”' }, { text: 'bleeds easily' }],
  extension: [{ url: `${OURS}/StructureDefinition/lab-collection-method`, valueCode: 'at_home_phlebotomy' }],
  reasonReference: [{ reference: 'Condition/why' }],
  supportingInfo: [{ reference: 'QuestionnaireResponse/asked' }, { reference: 'Consent/given' }],
  performer: [{ reference: 'Organization/laboratory' }],
  priority: 'stat',
};

test('notes, answers, consents, the reason, the collection method and the account arrive unchanged', async () => {
  const created = await fhir('post', '/', {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      entry(order('words', WORDS)),
      entry({ resourceType: 'Condition', id: 'why', ...CONDITION }),
      entry({ resourceType: 'QuestionnaireResponse', id: 'asked', ...ANSWERS }),
      entry({ resourceType: 'Consent', id: 'given', ...CONSENT }),
      entry({ resourceType: 'Organization', id: 'laboratory', ...LABORATORY }),
    ],
  });
  expect([created.status, created.body.issue]).toEqual([200, undefined]);
  expect(await readOutcome('words')).toEqual({
    user_id: expect.any(String),
    patient_details: expect.any(Object),
    patient_address: expect.any(Object),
    order_set: { lab_test_ids: SANDBOX_PANELS.pcos },
    collection_method: 'at_home_phlebotomy',
    priority: true,
    icd_codes: ['E28.2'],
    clinical_notes: 'fasting since “8 pm”\nbleeds easily',
    aoe_answers: [
      { marker_id: 173, question_id: 1234567890251, answer: 'LCANS4' },
      { marker_id: 173, question_id: 2, answer: '20261101' },
    ],
    consents: [{ consentType: 'hipaa-authorization', timeOfConsent: '2026-11-20T10:00:00-05:00' }],
    lab_account_id: SANDBOX_ACCOUNT,
    passthrough: expect.any(String),
  });
  expect((await task('words')).input[0].valueString).toBe('fasting since “8 pm”\nbleeds easily');
});

test('an order whose insurance cannot be billed is refused in every API, and nothing is written; with the insurance it is billed', async () => {
  const billing = {
    insurance: [{ reference: 'Coverage/hers' }],
    reasonCode: [{ coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'E06.3' }] }],
  };
  const refused = await fhir('put', `/ServiceRequest/${INSURED}`, order(INSURED, billing));
  expect([refused.status, refused.body.issue]).toEqual([
    422,
    [
      expect.objectContaining({
        code: 'business-rule',
        expression: ['ServiceRequest.insurance[0]'],
        diagnostics: expect.stringContaining('the insurance of an order does not exist'),
      }),
    ],
  ]);
  expect((await fhir('get', `/ServiceRequest/${INSURED}`)).status).toBe(404);
  const draft = order(INSURED, { ...billing, status: 'draft' });
  expect((await fhir('put', `/ServiceRequest/${INSURED}`, draft)).status).toBe(201);
  expect((await fhir('put', `/ServiceRequest/${INSURED}`, { ...draft, status: 'active' })).status).toBe(422);
  const activate = () =>
    request(server).patch(`/v1/service-requests/${INSURED}`).set('x-api-key', facet.demo.clinik!).send({ status: 'active' });
  const clinik = await activate();
  expect([clinik.status, clinik.body.error]).toEqual([422, expect.stringContaining('the insurance of an order does not exist')]);
  expect((await fhir('get', `/ServiceRequest/${INSURED}`)).body).toMatchObject({ status: 'draft', meta: { versionId: '1' } });
  expect(await task(INSURED)).toBeUndefined();
  await fhir('put', '/Organization/united', {
    resourceType: 'Organization',
    id: 'united',
    identifier: [{ system: `${OURS}/NamingSystem/junction-payor`, value: 'UNITE' }],
  });
  const [printed] = readFileSync('docs/orders.md', 'utf8')
    .split('\n```')
    .filter((part) => part.includes('"Coverage"'));
  const coverage = JSON.parse(printed!.slice(printed!.indexOf('{')));
  expect((await fhir('put', '/Coverage/hers', { ...coverage, beneficiary: subject, subscriber: subject })).status).toBe(201);
  expect((await activate()).status).toBe(200);
  expect(await readOutcome(INSURED)).toMatchObject({ billing_type: 'commercial_insurance', icd_codes: ['E06.3'] });
  expect([...sandbox.state.insurances.values()].flat().map(({ sent }) => [sent.payor_code, sent.member_id])).toEqual([
    ['UNITE', 'W123456789'],
  ]);
});

test('11: an order without a required answer is refused by the network, and the Task names the question', async () => {
  const { supportingInfo: _none, reasonReference: _nor, performer: _neither, ...bare } = WORDS;
  expect((await fhir('put', '/ServiceRequest/unanswered', order('unanswered', bare))).status).toBe(201);
  const rejected = await until(
    () => task('unanswered'),
    (task) => task?.status === 'rejected',
  );
  expect(rejected.statusReason.text).toBe('400 order questions');
  expect((await fhir('get', '/ServiceRequest/unanswered')).body.status).toBe('revoked');
});

test('a changed note after the order is refused under the vendor’s field name', async () => {
  expect((await fhir('put', `/ServiceRequest/${NOTED}`, order(NOTED, { note: [{ text: 'fasting' }] }))).status).toBe(201);
  const change = (note: string) =>
    request(server).patch(`/v1/service-requests/${NOTED}`).set('x-api-key', facet.demo.clinik!).send({ note });
  const refused = await change('eats as usual');
  expect([refused.status, refused.body.error]).toEqual([409, expect.stringMatching(/^note: .*revoke this request/)]);
  expect((await readOutcome(NOTED)).clinical_notes).toBe('fasting');
});

test('a vendor’s client can revoke an order with a note, and an error about the start date has the vendor’s field name', async () => {
  const id = '01936b00-0000-7000-8000-0000000000b3';
  expect((await fhir('put', `/ServiceRequest/${id}`, order(id, { note: [{ text: 'fasting' }] }))).status).toBe(201);
  const change = (body: object) => request(server).patch(`/v1/service-requests/${id}`).set('x-api-key', facet.demo.clinik!).send(body);
  expect((await change({ occurrencePeriod: { start: '2027-01-02', end: '2027-01-09' } })).body.error).toMatch(/^occurrencePeriod.start: /);
  expect((await change({ status: 'revoked', note: 'declined' })).body.data).toMatchObject({ status: 'revoked', note: 'declined' });
});
