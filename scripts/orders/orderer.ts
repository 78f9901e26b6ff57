// Places orders through FHIR while servers fail: each is written by id until a response confirms it. Some ids are used by both tenants, revoked, deleted and
// created again, or updated by a client that does not know the network's changes, or that names another patient.
import { setTimeout as delay } from 'node:timers/promises';
import type { Servers } from '../histories/servers.ts';
import { billingOf, memberOf, PAYOR } from './insured-orders.ts';
import { orderThroughLoop, uuidOf } from './loop-orders.ts';

/** The final request of an id. `lives`: how often the id was ordered again. `wanted`: whether its last order must exist. */
export interface Ordered {
  tenant: 'demo' | 'other';
  id: string;
  patient: string;
  /** The member whose insurance is billed; undefined: none. */
  member?: string | undefined;
  lives: number;
  wanted: boolean;
  /** The network's id of the order that a vendor's door answered with. */
  shown?: string;
}

type Tenant = Ordered['tenant'];

export const PATIENT = {
  resourceType: 'Patient',
  id: 'p',
  name: [{ given: ['Ada'], family: 'Lovelace' }],
  birthDate: '1985-12-10',
  telecom: [
    { system: 'phone', value: '+15184731122' },
    { system: 'email', value: 'ada@example.com' },
  ],
  address: [{ line: ['1 Main St'], city: 'Albany', state: 'NY', postalCode: '12207', country: 'US' }],
};
/** The NPI of the only physician who is registered with the network, of each tenant. No order names a requester. */
export const NPIS: Record<Tenant, string> = { demo: '1999999984', other: '1999999976' };

const physicianOf = (tenant: Tenant) => ({
  resourceType: 'Practitioner',
  id: 'd',
  name: [{ given: ['Ann'], family: 'Lee' }],
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: NPIS[tenant] }],
  qualification: [
    {
      code: { coding: [{ system: 'https://loop.health/fhir/CodeSystem/qualification', code: 'state-license' }] },
      extension: [
        {
          url: 'http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition/practitioner-qualification',
          extension: [{ url: 'whereValid', valueCodeableConcept: { coding: [{ system: 'https://www.usps.com/', code: 'NY' }] } }],
        },
        { url: 'https://loop.health/fhir/StructureDefinition/registration-status', valueCode: 'active' },
      ],
    },
  ],
});

/** An order for a patient. */
export const request = (id: string, patient: string, status = 'active', billing: object = {}) => ({
  resourceType: 'ServiceRequest',
  id,
  status,
  intent: 'order',
  category: [{ coding: [{ system: 'http://snomed.info/sct', code: '108252007' }] }],
  code: { coding: [{ system: 'https://loop.health/fhir/CodeSystem/lab-panel', code: 'pcos' }] },
  subject: { reference: `Patient/${patient}` },
  ...billing,
});
/** Patients, so that no one has thousands of orders. */
const PATIENTS = 50;
const PATIENTS_OF = Array.from({ length: PATIENTS }, (_, index) => ({ ...PATIENT, id: `p${index}` }));

const PAGE = 250;

/** So many orders of one tenant, written in transactions. */
export async function placeAtOnce({ bases, keys }: Servers, orders: number, tenant: Tenant = 'demo'): Promise<void> {
  const post = async (resources: { resourceType: string; id: string }[]) => {
    const entry = resources.map((resource) => ({ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } }));
    const { status } = await sendRequest(bases()[0]!, {
      method: 'POST',
      key: keys[tenant].fhir,
      body: { resourceType: 'Bundle', type: 'transaction', entry },
    });
    if (status !== 200) throw new Error(`the orders cannot be written: ${status}`);
  };
  await post(PATIENTS_OF);
  for (let from = 0; from < orders; from += PAGE) {
    const count = Math.min(PAGE, orders - from);
    await post(Array.from({ length: count }, (_, index) => request(`sr-${from + index}`, `p${(from + index) % PATIENTS}`)));
  }
}

const TAKEN: ReadonlySet<number> = new Set([200, 201, 204]);
const REFUSED: ReadonlySet<number> = new Set([409]);
const TAKEN_OR_OVER: ReadonlySet<number> = new Set([...TAKEN, ...REFUSED]);

export type Place = (n: number, random: () => number, waits: boolean) => Promise<Ordered[]>;

/** One in so many orders is placed at Loop's door, where callers wait for the network. */
const AT_THE_DOOR = 8;
const PATIENTS_OF_LOOP = Array.from({ length: 10 }, (_, index) => ({ ...PATIENT, id: uuidOf(index) }));

/** `place`: one id, for one tenant or both; `waits`: one in a few is placed by a caller who waits for the network. */
export async function orderer(servers: Servers): Promise<Place> {
  const { bases, keys } = servers;
  let calls = 0;
  /** Asks until somebody says one of these, or what nobody should say. */
  const call = async (tenant: Tenant, [method, path, body]: [string, string, object?], expected = TAKEN): Promise<void> => {
    for (let n = 0; n < 600; n++) {
      const base = bases()[calls++ % bases().length]!;
      const { status, text } = await sendRequest(`${base}/${path}`, { method, key: keys[tenant].fhir, body });
      if (expected.has(status)) return;
      if (status !== 0 && status !== 409 && status !== 429 && status < 500) throw new Error(`${method} ${path}: ${status} ${text}`);
      await delay(200);
    }
    throw new Error(`${method} ${path}: no server responds`);
  };
  const put = (tenant: Tenant, resource: { resourceType: string; id: string; note?: object[] }, expected?: ReadonlySet<number>) =>
    call(tenant, ['PUT', `${resource.resourceType}/${resource.id}`, resource], expected);
  for (const tenant of ['demo', 'other'] as const) {
    const entry = [physicianOf(tenant), PAYOR, ...PATIENTS_OF, ...PATIENTS_OF_LOOP].map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    }));
    await call(tenant, ['POST', '', { resourceType: 'Bundle', type: 'transaction', entry }]);
  }
  return async (n, random, waits) => {
    if (waits && n % AT_THE_DOOR === 0) return [await orderThroughLoop(servers, n, uuidOf(n % PATIENTS_OF_LOOP.length))];
    const id = `sr-${n}`;
    const patient = `p${n % PATIENTS}`;
    const member = memberOf(n, patient);
    const written = (status = 'active') => request(id, patient, status, billingOf(patient, member));
    const [both, fate, wait] = [random() < 0.3, random(), random()];
    const tenants: Tenant[] = both ? ['demo', 'other'] : ['demo'];
    return Promise.all(
      tenants.map(async (tenant): Promise<Ordered> => {
        await put(tenant, written());
        if (fate > 0.94) {
          await put(tenant, { ...written(), note: [{ text: 'from an old copy' }] }, TAKEN_OR_OVER);
          await put(tenant, request(id, `p${(n + 1) % PATIENTS}`), REFUSED);
        }
        const ordered = { tenant, id, patient, member };
        if (fate > 0.06) return { ...ordered, lives: 1, wanted: true };
        if (wait < 0.5) await delay(wait * 1000);
        else await arrival(bases()[0]!, { id, key: keys[tenant].fhir });
        await put(tenant, written('revoked'));
        if (fate > 0.04) return { ...ordered, lives: 1, wanted: false };
        await call(tenant, ['DELETE', `ServiceRequest/${id}`]);
        await put(tenant, written());
        return { ...ordered, lives: 2, wanted: true };
      }),
    );
  };
}

const PATIENCE_MS = 4000;

/** Until the request names its order at the network, or patience ends: then it is taken back wherever it is. */
async function arrival(base: string, { id, key }: { id: string; key: string }): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const response = await fetch(`${base}/ServiceRequest/${id}`, { headers: { Authorization: `Bearer ${key}` } }).catch(() => undefined);
    if (response?.ok && 'identifier' in ((await response.json()) as object)) return;
    await delay(150);
  }
}

interface Asking {
  method: string;
  key: string;
  body: object | undefined;
}

/** Status 0: nobody answered. */
async function sendRequest(url: string, { method, key, body }: Asking): Promise<{ status: number; text: string }> {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/fhir+json' };
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, text: await response.text() };
  } catch {
    return { status: 0, text: '' };
  }
}
