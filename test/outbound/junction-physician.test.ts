// Registering a physician: claimed with the row, asked of the network, complete when it was answered; what failed is resumed, what is complete is a duplicate.
import type { Resource } from '../../src/fhir/types.ts';
import { junctionClient } from '../../src/outbound/junction-client.ts';
import {
  claim,
  complete,
  type Directory,
  pushDirectory,
  type Registration,
  register,
  rosterDirectory,
} from '../../src/outbound/junction-physician.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { type OrderWorld, orderWorld } from './order-world.ts';

const NPI = '1999999984';
const CRUZ: Resource = {
  resourceType: 'Practitioner',
  id: 'cruz',
  name: [{ text: 'Dr. María Cruz, MD', given: ['María'], family: 'Cruz' }],
  telecom: [{ system: 'email', value: 'maria@example.com' }],
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: NPI }],
};

let store: TestStore;
let here: OrderWorld;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  here = await orderWorld(store);
  await here.put(CRUZ);
});
afterEach(() => here.close());

const registration = async (key = 'NY'): Promise<Registration> => ({
  row: (await here.context.store.read(here.tenant, 'Practitioner', 'cruz'))!,
  key,
});

/** All three steps, as a door takes them. */
async function registered(directory: Directory, key = 'NY'): Promise<unknown> {
  const item = await registration(key);
  const inTransaction = <T>(work: (context: typeof here.context) => Promise<T>) =>
    here.context.store.transaction((inside) => work({ ...here.context, store: inside }));
  if ((await inTransaction((context) => claim(context, item))) === 'complete') return 'complete';
  const answer = await register(here.context, item, directory);
  await inTransaction((context) => complete(context, item));
  return answer;
}

describe('by the roster', () => {
  const roster = () => rosterDirectory(here.client);
  const list = (...npis: string[]) => {
    here.sandbox.world.physicians = npis.map((npi) => ({ first_name: 'Maria', last_name: 'Cruz', npi }));
  };

  test('listed is active, not listed is pending; both are complete, and complete is not repeated', async () => {
    list(NPI);
    expect(await registered(roster())).toEqual({ id: null, status: 'active' });
    expect(await registered(roster())).toBe('complete');
    list('1888888885');
    expect(await registered(roster(), 'CA')).toEqual({ id: null, status: 'pending' });
    expect(await registered(roster(), 'CA')).toBe('complete');
    expect(here.asked('roster')).toBe(2);
  });

  test('an id in the roster is taken', async () => {
    here.sandbox.world.physicians = [{ first_name: 'Maria', last_name: 'Cruz', npi: NPI, id: 'phy_1' }];
    expect(await registered(roster())).toEqual({ id: 'phy_1', status: 'active' });
  });

  test.each(['reset', 'cut', 'error'] as const)('a roster that cannot be read (%s) is 502, and the next attempt resumes', async (kind) => {
    list(NPI);
    here.fail({ operation: 'roster', kind, ...(kind === 'cut' && { when: 'after' as const }) });
    await expect(registered(roster())).rejects.toMatchObject({ kind: 'upstream' });
    expect(await registered(roster())).toEqual({ id: null, status: 'active' });
  });

  test('a key that is refused, and a team that is not known, are 502', async () => {
    here.fail({ operation: 'roster', kind: 'error', status: 401 });
    await expect(registered(roster())).rejects.toMatchObject({ kind: 'upstream' });
    const teamless = junctionClient(() => ({ apiKey: here.sandbox.apiKey, baseUrl: here.sandbox.url }));
    await expect(registered(rosterDirectory(teamless))).rejects.toMatchObject({ kind: 'upstream' });
  });

  test('ten at once: one is answered, the others are conflicts', async () => {
    list(NPI);
    await here.context.store.transaction(
      async (inside) => void (await claim({ ...here.context, store: inside }, await registrationIn(inside))),
    );
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => registered(roster())));
    const done = answers.filter((answer) => answer.status === 'fulfilled').map((answer) => answer.value);
    expect(done.filter((value) => value !== 'complete')).toEqual([{ id: null, status: 'active' }]);
    const refused = answers.filter((answer) => answer.status === 'rejected').map((answer) => answer.reason.kind);
    expect(refused.every((kind) => kind === 'conflict' || kind === 'duplicate')).toBe(true);
  });

  test('a registration that died without an answer is free again when its lease has run out', async () => {
    list(NPI);
    await here.context.store.transaction(
      async (inside) => void (await claim({ ...here.context, store: inside }, await registrationIn(inside))),
    );
    await register(here.context, await registration(), roster());
    await expect(registered(roster())).rejects.toMatchObject({ kind: 'conflict' });
    here.advance(30);
    expect(await registered(roster())).toEqual({ id: null, status: 'active' });
  });

  test('the worker leaves registrations to those who ask for them', async () => {
    await here.context.store.transaction(
      async (inside) => void (await claim({ ...here.context, store: inside }, await registrationIn(inside))),
    );
    here.advance(3600);
    expect(await here.drain()).toBe(0);
  });

  const registrationIn = async (inside: typeof here.context.store): Promise<Registration> => ({
    row: (await inside.read(here.tenant, 'Practitioner', 'cruz'))!,
    key: 'NY',
  });
});

describe('by pushing', () => {
  const push = (path = '/partner/{team_id}/physicians') => pushDirectory(here.client, path);

  test('the physician is posted once, with name, NPI, e-mail and state, and the id that comes back is kept', async () => {
    const answer = await registered(push());
    expect(answer).toEqual({ id: expect.any(String), status: 'active' });
    expect(here.sandbox.world.physicians).toEqual([expect.objectContaining({ first_name: 'Maria', last_name: 'Cruz', npi: NPI })]);
  });

  test('lost answers are resumed under the same key: one physician there', async () => {
    for (const kind of ['cut', 'reset'] as const) {
      here.fail({ operation: 'pushPhysician', kind, when: 'after' });
      await expect(registered(push())).rejects.toMatchObject({ kind: 'upstream' });
    }
    expect(await registered(push())).toEqual({ id: here.sandbox.world.physicians[0]!.id, status: 'active' });
    expect(here.sandbox.world.physicians).toHaveLength(1);
  });

  test('a path that does not exist leaves the physician pending', async () => {
    expect(await registered(push('/nowhere'))).toEqual({ id: null, status: 'pending' });
  });

  test.each([422, 500, 503])('%i is 502', async (status) => {
    here.fail({ operation: 'pushPhysician', kind: 'error', status });
    await expect(registered(push())).rejects.toMatchObject({ kind: 'upstream' });
  });
});
