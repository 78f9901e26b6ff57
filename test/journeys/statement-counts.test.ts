// A read through a vendor's API takes as many statements as the equivalent FHIR search, for any number of items.
import request from 'supertest';
import type { Database } from '../../src/store/database/database.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
let statements = 0;

/** The database, with every statement counted that reads resources: others are asked beside, by the clock. */
const counted = (database: Database): Database => ({
  ...database,
  forRequest: (...args) => counted(database.forRequest(...args)),
  query: (...args) => {
    if (/\bbody\b/.test(args[0])) statements++;
    return database.query(...args);
  },
  transaction: (work) => database.transaction((inside) => work(counted(inside))),
});

const put = async (resourceType: string, id: string, rest: object): Promise<void> => {
  const response = await facet.put({ resourceType, id, ...rest });
  expect([response.status, response.body.issue]).toEqual([201, undefined]);
};
const vendor = (surface: string, path: string) =>
  request(facet.app)
    .get(path)
    .set(surface === 'clinik' ? 'x-api-key' : 'authorization', surface === 'clinik' ? facet.demo.clinik! : `Bearer ${facet.demo[surface]}`);

const cost = async (ask: PromiseLike<{ status: number }>): Promise<number> => {
  const before = statements;
  expect((await ask).status).toBe(200);
  return statements - before;
};

const uuid = (n: number): string => `0190b3c2-0000-7000-8000-${String(n).padStart(12, '0')}`;

beforeAll(async () => {
  facet = await startFacet({}, undefined, { over: counted });
  for (let n = 0; n < 12; n++) {
    await put('Practitioner', uuid(n), { name: [{ family: `F${n}`, given: ['A'] }] });
    for (const m of [0, 1])
      await put('PractitionerRole', uuid(100 + 2 * n + m), { practitioner: { reference: `Practitioner/${uuid(n)}` } });
    await put('Patient', uuid(n), { name: [{ family: `F${n}`, given: ['A'] }] });
  }
});
afterAll(() => facet.close());

test.each([
  ['an item', 'clinik', `/v1/patients/${uuid(1)}`, `Patient?_id=${uuid(1)}`],
  ['a list', 'clinik', '/v1/patients?count=2', 'Patient?_count=2&_total=accurate'],
  ['a long list', 'clinik', '/v1/patients?count=100', 'Patient?_count=100&_total=accurate'],
  ['a list of what one filter finds', 'clinik', '/v1/patients?name=f1', 'Patient?name-part:contains=f1&_total=accurate'],
  [
    'an item with others beside it',
    'jump',
    `/clinician-profiles/${uuid(1)}`,
    `Practitioner?_id=${uuid(1)}&_revinclude=PractitionerRole:practitioner`,
  ],
  [
    'a list with others beside them',
    'jump',
    '/clinician-profiles?limit=2',
    'Practitioner?_sort=family,given&_count=2&_revinclude=PractitionerRole:practitioner',
  ],
  [
    'a long list with others beside them',
    'jump',
    '/clinician-profiles?limit=100',
    'Practitioner?_sort=family,given&_count=100&_revinclude=PractitionerRole:practitioner',
  ],
])('%s takes as many statements as the equivalent FHIR search', async (_what, surface, path, search) => {
  const [viaVendorApi, equal] = [await cost(vendor(surface, path)), await cost(facet.fhir('get', `/${search}`))];
  expect({ path, statements: viaVendorApi }).toEqual({ path, statements: equal });
  expect(equal).toBeGreaterThan(0);
});
