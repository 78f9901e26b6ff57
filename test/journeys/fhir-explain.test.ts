// _explain returns the SQL, plan and time of a search, without values, for callers with the scope admin.
import request from 'supertest';
import { nextOf, type Running, startFacet } from './running-server.ts';

let facet: Running;
let admin: string;
beforeAll(async () => {
  facet = await startFacet();
  admin = await facet.keyWith('fhir', ['*', 'admin']);
  for (const family of ['Lovelace', 'Hopper', 'Curie'])
    await facet
      .fhir('post', '/Patient')
      .send({ resourceType: 'Patient', name: [{ family }], birthDate: '1990-01-02' })
      .expect(201);
});
afterAll(() => facet.close());

const get = (path: string, key = admin) => facet.fhir('get', `/${path}`, key);
interface Entry {
  search: { mode: string };
  resource: { resourceType: string; issue: { severity: string; details: { text: string }; diagnostics: string }[] };
}
const listStatements = ({ entry }: { entry: Entry[] }) =>
  entry.filter(({ search }) => search.mode === 'outcome').flatMap(({ resource }) => resource.issue);

test('_explain returns the matches, and after them every statement with its time and plan', async () => {
  const { status, body } = await get('Patient?family=lovelace&_revinclude=Observation:subject&_total=accurate&_explain=true');
  expect([status, body.total, body.entry[0].resource.name[0].family]).toEqual([200, 1, 'Lovelace']);
  const issues = listStatements(body);
  expect(issues.map(({ details }) => details.text)).toEqual([
    expect.stringMatching(/^statement 1 of 2: \d+\.\d\d ms, 1 row$/),
    expect.stringMatching(/^statement 2 of 2: \d+\.\d\d ms, 0 rows$/),
  ]);
  for (const { severity, diagnostics } of issues) {
    expect(severity).toBe('information');
    expect(diagnostics).toMatch(/^(with|select) [\s\S]*\$1[\s\S]*Planning Time[\s\S]*Execution Time/);
  }
});

test('_explain contains no values of the search or of the page position', async () => {
  const first = await get('Patient?_sort=family&birthdate=1990-01-02&_count=1&_explain=true');
  const second = await get(`${nextOf(first.body)!.slice(1)}&_explain=true`);
  expect(second.body.entry[0].resource.name[0].family).toBe('Hopper');
  for (const body of [first.body, second.body]) {
    const text = JSON.stringify(listStatements(body)).toLowerCase();
    expect(text).toContain('planning time');
    for (const value of ['curie', 'hopper', '1990-', '1989-']) expect([value, text.includes(value)]).toEqual([value, false]);
  }
});

test('a search of several types and a search by POST can be explained', async () => {
  expect(listStatements((await get('?_type=Patient,Observation&_explain=true')).body)).toHaveLength(1);
  const post = request(facet.app).post('/fhir/R4/Patient/_search').set('x-api-key', admin).type('form');
  expect(listStatements((await post.send({ _explain: 'true' })).body)).toHaveLength(1);
});

test.each(['*', 'read', 'system/*.cruds'])('a key with the scope %s alone is refused', async (scope) => {
  const { status, body } = await get('Patient?_explain=true', await facet.keyWith('fhir', [scope]));
  expect([status, body.issue[0].diagnostics]).toEqual([403, '_explain needs an API key with the scope admin']);
});

test('the scope admin gives no access to data, and _explain accepts only true', async () => {
  expect((await get('Patient?_explain=true', await facet.keyWith('fhir', ['admin']))).status).toBe(403);
  expect((await get('Patient?_explain=yes')).status).toBe(400);
  expect((await get('Patient/x?_explain=true')).status).toBe(400);
});
