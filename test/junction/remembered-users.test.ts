// The ids of users are remembered for one connection; a user that the network has deleted is asked for again.
import { rememberUsers } from '../../src/junction/remembered-users.ts';
import { openSandboxFixture, type SandboxFixture, within } from '../junction-sandbox/sandbox-fixture.ts';

let fixture: SandboxFixture;
let apiKey: string;
beforeEach(async () => {
  fixture = await openSandboxFixture();
  apiKey = fixture.sandbox.apiKey;
});
afterEach(() => fixture.sandbox.close());

const open = () => rememberUsers(fixture.client, () => ({ apiKey, baseUrl: fixture.sandbox.url }));
const DEMOGRAPHICS = JSON.stringify({
  first_name: 'Ada',
  last_name: 'Lovelace',
  email: 'ada@example.com',
  phone_number: '+15184731122',
  gender: 'female',
  dob: '1985-12-10',
  address: { first_line: '1 Main St', city: 'Albany', state: 'NY', zip: '12207', country: 'US' },
});
const asked = () => fixture.countRequests('user');

test('a user is asked for once, and every name has its own user', async () => {
  const client = open();
  const first = await client.ensureUser('patient-1', within());
  expect(first).toEqual({ kind: 'accepted', value: expect.any(String) });
  expect(await client.ensureUser('patient-1', within())).toEqual(first);
  expect(asked()).toBe(1);
  expect(await client.ensureUser('patient-2', within())).not.toEqual(first);
  expect(asked()).toBe(2);
});

test('a failure is not remembered', async () => {
  const client = open();
  fixture.addFaults({ operation: 'user', kind: 'error', status: 500 });
  expect(await client.ensureUser('patient-1', within())).toMatchObject({ kind: 'unknown' });
  expect(await client.ensureUser('patient-1', within())).toMatchObject({ kind: 'accepted' });
});

test('`isFresh` asks again, and the new answer is remembered', async () => {
  const client = open();
  const first = await client.ensureUser('patient-1', within());
  fixture.sandbox.state.users.clear();
  expect(await client.ensureUser('patient-1', within())).toEqual(first);
  const second = await client.ensureUser('patient-1', within(), true);
  expect(second).not.toEqual(first);
  expect(await client.ensureUser('patient-1', within())).toEqual(second);
  expect(asked()).toBe(2);
});

test('after a change of the API key nothing is remembered: the key may be of another team', async () => {
  const client = open();
  await client.ensureUser('patient-1', within());
  apiKey = 'another';
  await client.ensureUser('patient-1', within());
  expect(asked()).toBe(2);
});

test('a user whose demographics are refused with 404 is asked for again', async () => {
  const client = open();
  const first = await client.ensureUser('patient-1', within());
  if (first.kind !== 'accepted') throw new Error(first.why);
  fixture.sandbox.state.users.clear();
  expect(await client.updateUserInfo(first.value, DEMOGRAPHICS, within())).toMatchObject({ kind: 'refused', status: 404 });
  expect(await client.ensureUser('patient-1', within())).not.toEqual(first);
  expect(asked()).toBe(2);
});
