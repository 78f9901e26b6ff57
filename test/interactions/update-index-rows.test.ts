// An update writes the index rows that differ from those of the previous version, and all rows where it cannot know what the previous version has. A text that
// several parameters have is one row.
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { Context } from '../../src/interactions/context.ts';
import { openIndexState } from '../../src/interactions/index-state.ts';
import { NO_PROFILE_CHECKS } from '../../src/interactions/profiles.ts';
import { search } from '../../src/interactions/search.ts';
import { update } from '../../src/interactions/update.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';

const AT = '2026-01-01T00:00:00.000Z';
const REGISTRY = buildRegistry([
  {
    code: 'name-in-use',
    base: ['Patient'],
    type: 'string',
    expression: "Patient.name.where(use.exists().not() or use != 'old')",
    modifier: ['contains'],
  },
]);

let test: TestStore;
let tenant: number;
beforeEach(async () => {
  test = await openTestStore();
  tenant = (await createTenant(test.database, { slug: 'one', name: 'one', at: AT }))!.id;
});
afterEach(() => test.close());

const buildContext = async (baseUrl: string): Promise<Context> => ({
  store: test.store,
  caller: { tenant, actor: 'key', surface: 'fhir', scopes: ['*'] },
  clock: () => new Date(AT),
  newId: () => 'new',
  registry: REGISTRY,
  findIndexRules: (await openIndexState(test.store.reindexing, REGISTRY, new Date())).findRules,
  baseUrl,
  writeHooks: new Map(),
  profiles: NO_PROFILE_CHECKS,
});

const put = (context: Context, resource: Record<string, unknown>, id = 'a') => {
  const exact = { resourceType: 'Patient', id, ...resource } as Resource;
  return update(context, { type: 'Patient', id, draft: { exact, resource: exact } });
};
const find = async (context: Context, query: string): Promise<string[]> => {
  const parameters = [...new URLSearchParams(query)] as [string, string][];
  return (await search(context, { type: 'Patient', parameters, handling: 'strict' })).rows.map(({ id }) => id);
};
const finds = async (context: Context, query: string): Promise<boolean> => (await find(context, query)).length === 1;
const readRow = async (table: string): Promise<string[]> =>
  (await test.database.query<{ row: string }>(`select ctid::text as row from ${table} where tenant_id = $1 order by 1`, [tenant])).map(
    ({ row }) => row,
  );

it('writes only what differs', async () => {
  const context = await buildContext('http://facet.test/fhir/R4');
  await put(context, { birthDate: '1980-01-01', name: [{ family: 'Roe' }] });
  const [dates, strings] = [await readRow('sx_date'), await readRow('sx_string')];
  await put(context, { birthDate: '1980-01-01', name: [{ family: 'Doe' }] });
  expect([await readRow('sx_date'), await finds(context, 'birthdate=1980-01-01')]).toEqual([dates, true]);
  expect(await readRow('sx_string')).not.toEqual(strings);
  expect([await finds(context, 'family=Roe'), await finds(context, 'family=Doe')]).toEqual([false, true]);
});

it('indexes absolute references again after the base address has changed, in both directions', async () => {
  const at = (base: string, gender: string) => ({ gender, generalPractitioner: [{ reference: `${base}/Practitioner/lee` }] });
  const [first, second] = ['http://first.test/fhir/R4', 'http://second.test/fhir/R4'] as const;
  const [before, after] = [await buildContext(first), await buildContext(second)];
  await put(before, at(first, 'male'));
  expect(await finds(before, 'general-practitioner=Practitioner/lee')).toBe(true);
  await put(after, at(first, 'female'));
  expect(await finds(after, 'general-practitioner=Practitioner/lee')).toBe(false);
  await put(before, at(second, 'male'));
  expect(await finds(before, 'general-practitioner=Practitioner/lee')).toBe(false);
  await put(after, at(second, 'female'));
  expect(await finds(after, 'general-practitioner=Practitioner/lee')).toBe(true);
});

it('finds and sorts by a text of several parameters, which is one row', async () => {
  const context = await buildContext('http://facet.test/fhir/R4');
  const people = {
    ann: [{ family: 'Müller', given: ['Ann', 'ann'] }],
    bob: [
      { family: 'Muller', given: ['Bob'] },
      { use: 'old', family: 'Zorn' },
    ],
    cat: [{ text: 'Cat MÜLLER', given: ['Cat', '\ufffe'] }],
  };
  for (const [id, name] of Object.entries(people)) await put(context, { name }, id);
  const expected: Record<string, string[]> = {
    'family=muller': ['ann', 'bob'],
    'family:exact=Müller': ['ann'],
    'name:exact=Müller': ['ann'],
    'name:exact=M\u0075\u0308ller': ['ann'],
    'name:exact=Muller,Cat': ['bob', 'cat'],
    'name:exact=müller': [],
    'given:exact=ann': ['ann'],
    'name:exact=ann': ['ann'],
    'name:exact=Ann': ['ann'],
    'name:exact=ANN': [],
    'name:exact=\ufffe': ['cat'],
    'name:exact=\ufffe,Bob': ['bob', 'cat'],
    'name=zorn': ['bob'],
    'name-in-use=zorn': [],
    'name-in-use:contains=ulle': ['ann', 'bob', 'cat'],
    'name-in-use:exact=Muller': ['bob'],
    'phonetic=mueller': ['ann', 'bob', 'cat'],
    'phonetic=caat': ['cat'],
  };
  for (const [query, ids] of Object.entries(expected)) expect([query, (await find(context, query)).sort()]).toEqual([query, ids]);
  expect(await find(context, '_sort=name')).toEqual(['ann', 'bob', 'cat']);
  expect(await find(context, '_sort=-name')).toEqual(['bob', 'ann', 'cat']);
  expect(await find(context, '_sort=name-in-use')).toEqual(['ann', 'bob', 'cat']);
  expect(await find(context, '_sort=-name-in-use&family=muller')).toEqual(['bob', 'ann']);
});
