// Reading and writing single resources on a real database.
import type { Change } from '../../src/store/store.ts';
import { openTestStore, type TestStore } from './open.ts';

const TENANT = 1;
const create = (id: string, more: Partial<Change> = {}): Change => ({
  type: 'Patient',
  id,
  version: 1,
  lastUpdated: '2026-01-02T03:04:05.678Z',
  method: 'POST',
  actor: 'key-1',
  body: `{"resourceType":"Patient","id":"${id}"}`,
  index: { self: '1', tokens: ['10', '-20'], strings: [], dates: [], numbers: [], references: [] },
  ...more,
});

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

it('reads back what was created, byte for byte and to the millisecond', async () => {
  expect(await test.store.write(TENANT, [create('a')])).toBe(1);
  expect(await test.store.read(TENANT, 'Patient', 'a')).toEqual({
    type: 'Patient',
    id: 'a',
    version: 1,
    lastUpdated: '2026-01-02T03:04:05.678Z',
    created: '2026-01-02T03:04:05.678Z',
    body: '{"resourceType":"Patient","id":"a"}',
  });
});
