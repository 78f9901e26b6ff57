// The registration of a physician: claimed together with the row, confirmed by the network, resumed after a failure, and a duplicate once it is complete.
import type { Resource } from '../../src/fhir/types.ts';
import { createJunctionClient } from '../../src/junction/client.ts';
import {
  claimRegistration,
  completeRegistration,
  createPushDirectory,
  createRosterDirectory,
  type PhysicianDirectory,
  type Registration,
  registerPhysician,
  releaseRegistration,
  waitForRegistration,
} from '../../src/physicians/registration.ts';
import { openBeforeEach } from '../orders/open-before-each.ts';
import { type OrderFixture, openOrderFixture } from '../orders/order-fixture.ts';

const NPI = '1999999984';
const CRUZ: Resource = {
  resourceType: 'Practitioner',
  name: [{ text: 'Dr. María Cruz, MD', given: ['María'], family: 'Cruz' }],
  telecom: [{ system: 'email', value: 'maria@example.com' }],
  identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: NPI }],
};

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});

const registration = (key = 'NY', person: object = {}): Registration => ({
  id: `cruz-${key}`,
  key,
  account: 0,
  own: () => ({ ...CRUZ, ...person }),
});

const inTransaction = <T>(work: (context: OrderFixture['context']) => Promise<T>): Promise<T> =>
  fixture.context.store.transaction((inside) => work({ ...fixture.context, store: inside }));
const claimed = (item: Registration) => inTransaction((context) => claimRegistration(context, item));
/** Held by one that does nothing more about it. */
async function queueItem(item = registration()): Promise<Registration> {
  const answer = await claimed(item);
  if (answer.state !== 'open') throw new Error(`it is ${answer.state}`);
  return { ...item, by: answer.by };
}

/** All steps, as a door takes them: what the network answered, or what stands in the way. */
async function registered(directory: PhysicianDirectory, item = registration()): Promise<unknown> {
  const answer = await claimed(item);
  if (answer.state !== 'open') return answer.state;
  const mine = { ...item, by: answer.by };
  const known = await registerPhysician(fixture.context, mine, directory);
  return (await inTransaction((context) => completeRegistration(context, mine))) ? known : 'overtaken';
}

describe('with a roster', () => {
  const roster = () => createRosterDirectory(fixture.client);
  const list = (...npis: string[]) => {
    fixture.sandbox.state.physicians = npis.map((npi) => ({ first_name: 'Maria', last_name: 'Cruz', npi }));
  };

  test('a listed physician is active, an unlisted one pending; both are complete and are not repeated', async () => {
    list(NPI);
    expect(await registered(roster())).toEqual({ id: null, status: 'active' });
    expect(await registered(roster())).toBe('complete');
    list('1888888885');
    expect(await registered(roster(), registration('CA'))).toEqual({ id: null, status: 'pending' });
    expect(await registered(roster(), registration('CA'))).toBe('complete');
    expect(fixture.countRequests('roster')).toBe(2);
  });

  test('the id from the roster is stored', async () => {
    fixture.sandbox.state.physicians = [{ first_name: 'Maria', last_name: 'Cruz', npi: NPI, id: 'phy_1' }];
    expect(await registered(roster())).toEqual({ id: 'phy_1', status: 'active' });
  });

  test.each(['reset', 'cut', 'error'] as const)(
    '44: a roster that cannot be read (%s) is 502, and the next attempt resumes',
    async (kind) => {
      list(NPI);
      fixture.addFaults({ operation: 'roster', kind, ...(kind === 'cut' && { when: 'after' as const }) });
      await expect(registered(roster())).rejects.toMatchObject({ kind: 'upstream' });
      expect(await registered(roster())).toEqual({ id: null, status: 'active' });
    },
  );

  test('a key that is refused, and a team that is not known, are 502', async () => {
    fixture.addFaults({ operation: 'roster', kind: 'error', status: 401 });
    await expect(registered(roster())).rejects.toMatchObject({ kind: 'upstream' });
    const teamless = createJunctionClient(() => ({ apiKey: fixture.sandbox.apiKey, baseUrl: fixture.sandbox.url }));
    await expect(registered(createRosterDirectory(teamless))).rejects.toMatchObject({ kind: 'upstream' });
  });

  test('of ten concurrent registrations one sends a request, the others report that it is in progress', async () => {
    list(NPI);
    await expect(registered(async () => ({ kind: 'unauthorised', why: '401' }))).rejects.toMatchObject({ kind: 'upstream' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => registered(roster())));
    expect(answers.filter((answer) => typeof answer === 'object')).toEqual([{ id: null, status: 'active' }]);
    expect(answers.every((answer) => typeof answer === 'object' || answer === 'busy' || answer === 'complete')).toBe(true);
    expect(fixture.countRequests('roster')).toBe(1);
  });

  test('the worker does not process registrations', async () => {
    await queueItem();
    fixture.advance(3600);
    expect(await fixture.drain()).toBe(0);
  });
});

describe('the holder of a registration', () => {
  const roster = () => createRosterDirectory(fixture.client);

  test('43: excludes others until its lease expires; then another takes over, and the late outcome of the first is ignored', async () => {
    const first = await queueItem();
    await registerPhysician(fixture.context, first, roster());
    expect(await claimed(registration())).toEqual({ state: 'busy' });
    fixture.advance(8);
    const second = await queueItem();
    expect(await inTransaction((context) => completeRegistration(context, first))).toBe(false);
    await releaseRegistration(fixture.context, first);
    expect(await inTransaction((context) => completeRegistration(context, second))).toBe(true);
    expect(await claimed(registration())).toEqual({ state: 'complete' });
  });

  test('releases it when the network fails or the attempt ends: the next attempt can begin at once', async () => {
    fixture.addFaults({ operation: 'roster', kind: 'error', status: 503 });
    await expect(registered(roster())).rejects.toMatchObject({ kind: 'upstream' });
    await releaseRegistration(fixture.context, await queueItem());
    expect(await registered(roster())).toEqual({ id: null, status: 'pending' });
  });

  test('is awaited until it completes, fails, or its lease expires', async () => {
    const waited = () => waitForRegistration(fixture.context, registration(), performance.now());
    const over = async (end: () => unknown) => {
      let waiting = true;
      const done = waited().then(() => (waiting = false));
      await new Promise((resolve) => setTimeout(resolve, 250));
      const before = waiting;
      await end();
      await done;
      return before;
    };
    const first = await queueItem();
    expect(await over(() => releaseRegistration(fixture.context, first))).toBe(true);
    await queueItem();
    expect(await over(() => fixture.advance(8))).toBe(true);
    const last = await queueItem();
    expect(await over(() => inTransaction((context) => completeRegistration(context, last)))).toBe(true);
    await waited();
  });

  test('is awaited for nine seconds at most: 502, and the caller may repeat', async () => {
    await queueItem();
    await expect(waitForRegistration(fixture.context, registration(), performance.now() - 9000)).rejects.toMatchObject({
      kind: 'upstream',
      message: expect.stringContaining('repeat'),
    });
  });
});

describe('with pushes', () => {
  const push = (path = '/partner/{team_id}/physicians') => createPushDirectory(fixture.client, path);

  test('the physician is posted once with name, NPI, e-mail and state, and the returned id is stored', async () => {
    const response = await registered(push());
    expect(response).toEqual({ id: expect.any(String), status: 'active' });
    expect(fixture.sandbox.state.physicians).toEqual([expect.objectContaining({ first_name: 'Maria', last_name: 'Cruz', npi: NPI })]);
  });

  test('43: after lost responses the same key is used again: one physician is created', async () => {
    for (const kind of ['cut', 'reset'] as const) {
      fixture.addFaults({ operation: 'pushPhysician', kind, when: 'after' });
      await expect(registered(push())).rejects.toMatchObject({ kind: 'upstream' });
    }
    expect(await registered(push())).toEqual({ id: fixture.sandbox.state.physicians[0]!.id, status: 'active' });
    expect(fixture.sandbox.state.physicians).toHaveLength(1);
  });

  test('an attempt with a corrected name has a key of its own', async () => {
    fixture.addFaults({ operation: 'pushPhysician', kind: 'error', status: 503 });
    await expect(registered(push(), registration('NY', { name: [{ given: ['Mraia'], family: 'Cruz' }] }))).rejects.toThrow();
    fixture.addFaults({ operation: 'pushPhysician', kind: 'reset', when: 'after' });
    await expect(registered(push())).rejects.toThrow();
    expect(await registered(push())).toEqual({ id: expect.any(String), status: 'active' });
    expect(fixture.sandbox.state.physicians).toEqual([expect.objectContaining({ first_name: 'Maria' })]);
  });

  test('a name of one word, and a name without ASCII letters, are sent unchanged', async () => {
    await registered(push(), registration('NY', { name: [{ family: 'House' }] }));
    await registered(push(), registration('CA', { name: [{ given: ['伟'], family: '王' }] }));
    expect(fixture.sandbox.state.physicians).toEqual([
      expect.objectContaining({ first_name: '', last_name: 'House', npi: NPI }),
      expect.objectContaining({ first_name: '伟', last_name: '王', npi: NPI }),
    ]);
  });

  test('after a 404 for the configured path the physician stays pending', async () => {
    expect(await registered(push('/nowhere'))).toEqual({ id: null, status: 'pending' });
  });

  test.each([422, 500, 503])('44: %i is 502', async (status) => {
    fixture.addFaults({ operation: 'pushPhysician', kind: 'error', status });
    await expect(registered(push())).rejects.toMatchObject({ kind: 'upstream' });
  });
});
