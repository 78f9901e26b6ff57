// `node scripts/check-junction.ts <description.json>`: a Facet process and the sandbox talk through orders of every kind, and each exchange is held to Junction's
// whole API description (OpenAPI 3.1, https://docs.junction.com/api-reference), which is not part of this project. On PostgreSQL. Ends with 1 when one breaks it.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { advanceOrder } from '../src/junction-sandbox/lifecycle.ts';
import { SANDBOX_ACCOUNT } from '../src/junction-sandbox/sandbox-state.ts';
import { startSandbox } from '../src/junction-sandbox/server.ts';
import { startServers } from './histories/servers.ts';
import { type Description, judge } from './orders/description.ts';
import { billingOf, PAYOR } from './orders/insured-orders.ts';
import { PATIENT, request } from './orders/orderer.ts';
import { type Exchange, recorderBefore } from './orders/recorder.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('give the path of Junction’s OpenAPI file');
const description = JSON.parse(readFileSync(file, 'utf8')) as Description;

const LICENCE = [
  {
    code: { coding: [{ system: 'https://loop.health/fhir/CodeSystem/qualification', code: 'state-license' }] },
    extension: [
      {
        url: 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification',
        extension: [{ url: 'whereValid', valueCodeableConcept: { coding: [{ system: 'https://www.usps.com/', code: 'NY' }] } }],
      },
    ],
  },
];
const ICD = [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'E28.2' }];
const OURS = 'https://loop.health/fhir';
/** Whatever an order may say. */
const WORDS = {
  requester: { reference: 'Practitioner/d' },
  priority: 'stat',
  reasonCode: [{ coding: ICD }],
  occurrenceDateTime: '2030-01-02',
  note: [{ text: 'fasting' }, { text: 'bleeds easily' }],
  extension: [{ url: `${OURS}/StructureDefinition/lab-collection-method`, valueCode: 'walk_in_test' }],
  orderDetail: [{ coding: [{ system: `${OURS}/CodeSystem/junction-provider/sandbox-laboratory`, code: '5081' }] }],
  performer: [{ reference: '#laboratory' }],
  supportingInfo: [{ reference: '#asked' }, { reference: '#given' }],
  contained: [
    {
      resourceType: 'Organization',
      id: 'laboratory',
      name: 'Laboratory',
      identifier: [{ system: `${OURS}/NamingSystem/junction-lab-account`, value: SANDBOX_ACCOUNT }],
    },
    {
      resourceType: 'QuestionnaireResponse',
      id: 'asked',
      status: 'completed',
      item: [{ linkId: '173.1234567890251', answer: [{ valueCoding: { code: 'LCANS4' } }] }],
    },
    {
      resourceType: 'Consent',
      id: 'given',
      status: 'active',
      scope: { text: 'treatment' },
      category: [{ coding: [{ system: `${OURS}/CodeSystem/junction-consent`, code: 'hipaa-authorization' }] }],
      dateTime: '2026-11-20T10:00:00Z',
      policyRule: { text: 'HIPAA' },
    },
  ],
};
const STEPS = [
  'received.walk_in_test.requisition_created',
  'collecting_sample.walk_in_test.appointment_pending',
  'sample_with_lab.walk_in_test.partial_results',
  'completed.walk_in_test.completed',
];

const pathsOf = (webhooks: Description['paths']): Description['paths'] =>
  Object.fromEntries(Object.entries(webhooks).map(([name, operations]) => [`/${name}`, operations]));

const sandbox = await startSandbox();
const { state } = sandbox;
const recorder = await recorderBefore(sandbox.url);
const account = { JUNCTION_API_KEY: sandbox.apiKey, JUNCTION_BASE_URL: recorder.url, JUNCTION_TEAM_ID: sandbox.teamId };
const servers = await startServers(1, { ...account, FACET_TEST_CLOCK: `${sandbox.url}/sandbox/clock` });
try {
  state.webhooks.url = 'http://127.0.0.1:9';
  state.physicians = [{ first_name: 'Ann', last_name: 'Lee', npi: '1234567893' }];
  await talk();
} finally {
  await servers.stop();
  recorder.close();
  await sandbox.close();
}
report();

async function put(resource: { resourceType: string; id: string }): Promise<void> {
  const headers = { Authorization: `Bearer ${servers.keys.demo.fhir}`, 'Content-Type': 'application/fhir+json' };
  const url = `${servers.bases()[0]}/${resource.resourceType}/${resource.id}`;
  const response = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(resource) });
  if (!response.ok) throw new Error(`${resource.resourceType}: ${response.status} ${await response.text()}`);
}

/** Until that many orders are there; time goes on meanwhile. */
async function until(met: () => boolean): Promise<void> {
  for (let n = 0; n < 100 && !met(); n++) {
    state.advance(20);
    await delay(200);
  }
  if (!met()) throw new Error('the condition was not met in time');
}
function countRequests(operation: string): number {
  return state.requests.filter((request) => request.operation === operation).length;
}

/** Every operation that is used here, with success and without. */
async function talk(): Promise<void> {
  await put({ ...PATIENT, id: 'p' });
  await put({ ...PATIENT, id: 'q' });
  const physician = {
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' }],
    name: [{ family: 'Lee', given: ['Ann'] }],
  };
  await put({ resourceType: 'Practitioner', id: 'd', ...physician, qualification: LICENCE } as { resourceType: string; id: string });
  await put(PAYOR);
  state.faults = [
    { operation: 'createOrder', kind: 'cut', when: 'after' },
    { operation: 'createInsurance', kind: 'reset' },
  ];
  await put(request('plain', 'p'));
  await put({ ...request('full', 'p'), ...WORDS });
  await put(request('gone', 'q'));
  await put(request('insured', 'q', 'active', billingOf('q', 'M1')));
  await until(() => state.orders.size === 4 && countRequests('orders') > 0);
  await until(() => [...state.orders.values()].length === 4);
  await put(request('gone', 'q', 'revoked'));
  await until(() => countRequests('cancelOrder') > 0);
  const [first] = [...state.orders.keys()];
  for (const to of STEPS) {
    advanceOrder(state, state.orders.get(first!)!, to, { missing: true, interpretation: 'critical' });
    const before = countRequests('result') + countRequests('journeyResult');
    state.advance(3600);
    await until(() => !/partial|completed/.test(to) || countRequests('result') + countRequests('journeyResult') > before);
  }
  state.labTests = new Set();
  await put(request('refused', 'p'));
  const before = countRequests('createOrder');
  await until(() => countRequests('createOrder') > before);
  await delay(500);
}

/** The messages that were sent, each as an exchange of its own. */
function messages(): Exchange[] {
  const url = new URL('http://hook/');
  return state.webhooks.messages.map(({ type, body }) => {
    const kind = description.webhooks?.[type] ? type : type.replace(/\.[^.]+$/, '.*');
    return {
      method: 'POST',
      url: new URL(kind, url),
      requestBody: JSON.parse(body),
      keyed: false,
      status: 200,
      type: '',
      answered: undefined,
    };
  });
}

/** Exchanges by operation, and what is wrong with them, each once. */
function report(): void {
  const known = { ...description, paths: { ...description.paths, ...pathsOf(description.webhooks ?? {}) } };
  const check = judge(known);
  const judged = [...recorder.exchanges, ...messages()].map((exchange) => ({ one: exchange, ...check(exchange) }));
  const faults = new Map<string, number>();
  for (const { operation, faults: found } of judged)
    for (const text of found) faults.set(`${operation}: ${text}`, (faults.get(`${operation}: ${text}`) ?? 0) + 1);
  const operations = Map.groupBy(judged, ({ operation, one: exchange }) => `${operation} ${exchange.status}`);
  for (const [name, all] of operations) console.log(`${name}: ${all.length}`);
  for (const [text, times] of faults) console.error(`  ${text} (${times})`);
  // refusals other than 422 stand in the vendor's pages, not in its description
  process.exitCode = [...faults.keys()].every((text) => text.endsWith('is not described')) ? 0 : 1;
}
