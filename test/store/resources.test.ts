// Writing and reading single resources: what is stored, what replaces what, and what a change that comes too late leaves behind.
import type { Query } from '../../src/fhir/search/query.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';
import { openTestStore, type TestStore } from './open.ts';
import { AT, createOf, deletionOf, indexOf, updateOf } from './resource-changes.ts';

let test: TestStore;
let tenant = 100;
beforeAll(async () => {
  test = await openTestStore();
});
beforeEach(() => {
  tenant += 1;
});
afterAll(() => test.close());

const write = (...changes: ResourceChange[]) => test.store.write(tenant, changes);
const read = (id: string) => test.store.read(tenant, 'Patient', id);
const bodies = async (id: string) => (await test.store.readVersions(tenant, 'Patient', id, { count: 10 })).map((row) => row.body);

const everything: Query = { type: 'Patient', where: [], sort: [], count: 100, total: 'none', include: [] };
const found = async (where: Query['where']) => (await test.store.search(tenant, { ...everything, where })).rows.map((row) => row.id);

it('reads back what was created, byte for byte and to the millisecond', async () => {
  const body = '{"resourceType":"Patient","id":"a", "x":[1.00,1e-3],"name":"Zoë 🧪 \\u0000 \\ud800"}';
  expect(await write(createOf('a', { body }))).toBe(1);
  expect(await read('a')).toEqual({ type: 'Patient', id: 'a', version: 1, lastUpdated: AT, created: AT, body, rules: 0 });
});

it('keeps a body of a megabyte', async () => {
  const body = JSON.stringify({ text: 'long '.repeat(200_000) });
  await write(createOf('a', { body }));
  expect((await read('a'))?.body).toBe(body);
});

it('returns nothing for an unknown id, and for an id of another type or another tenant', async () => {
  await write(createOf('a'));
  expect(await read('b')).toBeUndefined();
  expect(await test.store.read(tenant, 'Practitioner', 'a')).toBeUndefined();
  expect(await test.store.read(tenant + 1_000_000, 'Patient', 'a')).toBeUndefined();
});

it('gives the same id to two tenants and to two types', async () => {
  expect(await write(createOf('a'), createOf('a', { type: 'Practitioner' }))).toBe(2);
  expect(await test.store.write(tenant + 1_000_000, [createOf('a', { body: '{"other":true}' })])).toBe(1);
  expect((await read('a'))?.body).toBe('{"resourceType":"Patient","id":"a"}');
});

it('an update replaces the named version, keeps the time of creation, and keeps both versions in the history', async () => {
  await write(createOf('a'));
  expect(await write(updateOf('a', 1, { lastUpdated: '2026-03-01T00:00:00.001Z' }))).toBe(1);
  expect(await read('a')).toMatchObject({ version: 2, lastUpdated: '2026-03-01T00:00:00.001Z', created: AT });
  expect(await test.store.readVersions(tenant, 'Patient', 'a', { count: 10 })).toEqual([
    expect.objectContaining({ version: 2, method: 'PUT', created: AT, body: '{"resourceType":"Patient","id":"a","v":2}' }),
    expect.objectContaining({ version: 1, method: 'POST', created: AT, lastUpdated: AT, body: '{"resourceType":"Patient","id":"a"}' }),
  ]);
  expect((await test.store.readVersion(tenant, 'Patient', 'a', 1))?.body).toBe('{"resourceType":"Patient","id":"a"}');
  expect(await test.store.readVersion(tenant, 'Patient', 'a', 3)).toBeUndefined();
});

it('pages through a history, newest first', async () => {
  await write(createOf('a'));
  for (const previous of [1, 2, 3, 4]) await write(updateOf('a', previous));
  const versions = async (page: { count: number; before?: number }) =>
    (await test.store.readVersions(tenant, 'Patient', 'a', page)).map((row) => row.version);
  expect(await versions({ count: 2 })).toEqual([5, 4]);
  expect(await versions({ count: 2, before: 4 })).toEqual([3, 2]);
  expect(await versions({ count: 2, before: 2 })).toEqual([1]);
});

it('stores nothing of a change of another version, a second create, or an update of a missing resource', async () => {
  const token = indexOf({ tokens: ['5'] });
  await write(createOf('a', { index: indexOf({ tokens: ['4'] }) }));
  expect(await write(updateOf('a', 7, { index: token }))).toBe(0);
  expect(await write(createOf('a', { index: token, body: '{}' }))).toBe(0);
  expect(await write(updateOf('b', 1, { index: token }))).toBe(0);
  expect(await write(deletionOf('a', 3))).toBe(0);
  expect(await bodies('a')).toEqual(['{"resourceType":"Patient","id":"a"}']);
  expect(await bodies('b')).toEqual([]);
  expect(await found([{ on: 'token', any: ['5'] }])).toEqual([]);
  expect(await found([{ on: 'token', any: ['4'] }])).toEqual(['a']);
});

it('stores a deletion as a version; the resource is not found by search and can be created again', async () => {
  await write(createOf('a', { index: indexOf({ strings: [{ parameter: 1, norm: 'ann', low: true, high: true, infix: true }] }) }));
  expect(await write(deletionOf('a', 1))).toBe(1);
  expect(await read('a')).toMatchObject({ version: 2, body: null });
  expect(await found([])).toEqual([]);
  expect(await write(createOf('a'))).toBe(0);
  expect(await write(updateOf('a', 2))).toBe(1);
  expect(await found([])).toEqual(['a']);
  expect(await found([{ on: 'string', parameter: 1, any: [{ equals: 'ann' }] }])).toEqual([]);
  expect((await test.store.readVersions(tenant, 'Patient', 'a', { count: 10 })).map((row) => row.method)).toEqual([
    'PUT',
    'DELETE',
    'POST',
  ]);
});

it('writes creates, updates and deletions in one statement, and applies each on its own', async () => {
  await write(createOf('a'), createOf('b'), createOf('c'));
  const applied = await write(
    createOf('d', { index: indexOf({ tokens: ['9'] }) }),
    updateOf('a', 1),
    deletionOf('b', 1),
    updateOf('c', 5),
    createOf('a'),
  );
  expect(applied).toBe(3);
  expect((await read('a'))?.version).toBe(2);
  expect((await read('b'))?.body).toBeNull();
  expect((await read('c'))?.version).toBe(1);
  expect(await found([{ on: 'token', any: ['9'] }])).toEqual(['d']);
  expect((await found([])).sort()).toEqual(['a', 'c', 'd']);
});

it('applies the first of two changes of one resource in one write', async () => {
  expect(await write(createOf('a'), createOf('b'), createOf('a', { body: '{}' }), updateOf('a', 1))).toBe(2);
  expect(await bodies('a')).toEqual(['{"resourceType":"Patient","id":"a"}']);
});

it('stores a resource without index rows, which no search finds', async () => {
  const { index: _none, ...bare } = createOf('a');
  expect(await write(bare)).toBe(1);
  expect([(await read('a'))?.version, await found([])]).toEqual([1, []]);
});

it('replaces the search rows of many resources at once', async () => {
  const ids = Array.from({ length: 200 }, (_one, n) => `p${n}`);
  const named = (n: number, norm: string) =>
    indexOf({ self: String(n), strings: [{ parameter: 1, norm, low: true, high: true, infix: true }] });
  await write(...ids.map((id, n) => createOf(id, { index: named(n, `old ${n}`) })));
  expect(await write(...ids.map((id, n) => updateOf(id, 1, { index: named(n, `new ${n}`) })))).toBe(200);
  expect(await found([{ on: 'string', parameter: 1, any: [{ from: 'old', to: 'ole' }] }])).toEqual([]);
  expect(await found([{ on: 'string', parameter: 1, any: [{ equals: 'new 7' }] }])).toEqual(['p7']);
});

it('gives each of many changes its own search rows', async () => {
  const ids = Array.from({ length: 300 }, (_one, n) => `p${n}`);
  const strings = (n: number) => [{ parameter: 1, norm: `name ${n}`, low: true, high: true, infix: false }];
  expect(
    await write(...ids.map((id, n) => createOf(id, { index: indexOf({ self: String(n), tokens: [String(n)], strings: strings(n) }) }))),
  ).toBe(300);
  expect(await found([{ on: 'token', any: ['17'] }])).toEqual(['p17']);
  expect(await found([{ on: 'string', parameter: 1, any: [{ equals: 'name 299' }] }])).toEqual(['p299']);
});

it('finds an updated resource only by its new search rows, whichever row changed', async () => {
  const row = (norm: string) => ({ parameter: 1, norm, low: true, high: true, infix: true });
  const number = (from: string) => ({ parameter: 2, from, to: '9', low: true, high: true });
  const day = (from: string) => ({ parameter: 3, from, to: 'infinity', low: true, high: true });
  await write(
    createOf('a', {
      index: indexOf({
        strings: [row('ann'), row('kept')],
        numbers: [number('1')],
        dates: [day(AT)],
        references: [{ parameter: 4, target: '8' }],
      }),
    }),
  );
  await write(
    updateOf('a', 1, {
      index: indexOf({
        strings: [row('bea'), row('kept')],
        numbers: [number('1'), number('2')],
        references: [{ parameter: 4, target: '9' }],
      }),
    }),
  );
  const named = (norm: string) => found([{ on: 'string', parameter: 1, any: [{ equals: norm }] }]);
  expect([await named('ann'), await named('bea'), await named('kept')]).toEqual([[], ['a'], ['a']]);
  const above = (at: string) => found([{ on: 'number', parameter: 2, any: [[{ column: 'from', op: '>=', at }]] }]);
  expect([await above('1'), await above('2'), await above('3')]).toEqual([['a'], ['a'], []]);
  expect(await found([{ on: 'date', parameter: 3, any: [[]] }])).toEqual([]);
  expect(await found([{ on: 'reference', parameter: 4, any: ['8'] }])).toEqual([]);
  const counted = await test.database.query<{ rows: number }>('select count(*)::int as rows from sx_string where tenant_id = $1', [tenant]);
  expect(counted).toEqual([{ rows: 2 }]);
});

it.each([1, 2])('leaves index rows alone that are those of the previous version, in a statement of %i', async (count) => {
  const row = (norm: string) => ({ parameter: 1, norm, low: true, high: true, infix: true });
  const reference = (target: string) => ({ parameter: 4, target });
  const of = (name: string, target: string) => indexOf({ strings: [row(name)], references: [reference(target)] });
  const listRows = (table: string) =>
    test.database.query<{ row: string }>(`select ctid::text as row from ${table} where tenant_id = $1 order by ctid`, [tenant]);
  const ids = Array.from({ length: count }, (_one, n) => `p${n}`);
  await write(...ids.map((id) => createOf(id, { index: of('ann', '8') })));
  const [strings, references] = [await listRows('sx_string'), await listRows('sx_ref')];
  await write(...ids.map((id) => updateOf(id, 1, { index: of('ann', '9'), replaced: of('ann', '8') })));
  expect(await listRows('sx_string')).toEqual(strings);
  expect(await listRows('sx_ref')).not.toEqual(references);
  expect(await found([{ on: 'reference', parameter: 4, any: ['8'] }])).toEqual([]);
  expect((await found([{ on: 'reference', parameter: 4, any: ['9'] }])).sort()).toEqual(ids);
  expect((await found([{ on: 'string', parameter: 1, any: [{ equals: 'ann' }] }])).sort()).toEqual(ids);
  // the statement does not even compare them: it relies on what it is told
  await write(...ids.map((id) => updateOf(id, 2, { index: of('bea', '9'), replaced: of('bea', '9') })));
  expect(await listRows('sx_string')).toEqual(strings);
  await write(...ids.map((id) => updateOf(id, 3, { index: indexOf({ references: [reference('9')] }), replaced: of('ann', '9') })));
  expect(await found([{ on: 'string', parameter: 1, any: [{ equals: 'ann' }] }])).toEqual([]);
  await write(...ids.map((id) => deletionOf(id, 4)));
  expect([...(await listRows('sx_string')), ...(await listRows('sx_ref'))]).toEqual([]);
});

it('stores and finds texts that the database cannot hold unchanged', async () => {
  const norm = 'a\0b\ud800';
  await write(createOf('a', { index: indexOf({ strings: [{ parameter: 1, norm, low: true, high: true, infix: false }] }) }));
  expect(await found([{ on: 'string', parameter: 1, any: [{ equals: norm }] }])).toEqual(['a']);
  expect(await found([{ on: 'id', any: ['a\0'] }])).toEqual([]);
});

it('refuses (400) a number outside the range that can be stored', async () => {
  const number = { parameter: 2, from: '1e200000', to: '1e200000', low: true, high: true };
  await expect(write(createOf('a', { index: indexOf({ numbers: [number] }) }))).rejects.toMatchObject({ kind: 'invalid' });
  expect(await read('a')).toBeUndefined();
});
