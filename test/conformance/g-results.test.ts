// G. search requests and their results, by the numbers of the requirements. https://hl7.org/fhir/R4/search.html#return, #errors
import { type Answer, type Asked, expectRefusal, finder, idsOf, type Resource, server, store } from './asking.ts';

const { ask, base, facet } = server();
const find = finder(ask);
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const LENIENT: Asked = { headers: { Prefer: 'handling=lenient' } };
const linkOf = ({ body }: Answer, relation: string): string | undefined =>
  body.link.find((link: { relation: string }) => link.relation === relation)?.url;
const get = (search: string, asked?: Asked) => ask('GET', `/${search}`, asked);
const outcomesOf = ({ body }: Answer) => (body.entry ?? []).filter(({ search }: { search: { mode: string } }) => search.mode === 'outcome');

const PEOPLE: [id: string, family: string, more: object][] = [
  ['a', 'Curie', { gender: 'female', birthDate: '1867-11-07', active: true, meta: { source: 'urn:feed:2' } }],
  ['b', 'Bell', { gender: 'female', birthDate: '1943-07-15', managingOrganization: { reference: 'Organization/z' } }],
  ['c', 'Bell', { gender: 'male', birthDate: '1990', managingOrganization: { reference: 'Organization/y' } }],
  ['d', 'Adams', { gender: 'male', meta: { source: 'urn:feed:1' } }],
];

beforeAll(async () => {
  await store(
    ask,
    ...PEOPLE.map(([id, family, more]): Resource => {
      const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' };
      return { resourceType: 'Patient', id, name: [{ family }], text, photo: [{ title: 'x' }], ...more };
    }),
    { resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' }, subject: { reference: 'Patient/a' } },
  );
});

test('G72 a searchset: each entry with an absolute fullUrl and its mode', async () => {
  const { status, body } = await get('Observation?_include=Observation:subject');
  expect([status, body.resourceType, body.type]).toEqual([200, 'Bundle', 'searchset']);
  expect(body.entry.map(({ fullUrl, search }: { fullUrl: string; search: object }) => ({ fullUrl, search }))).toEqual([
    { fullUrl: `${base()}/Observation/o`, search: { mode: 'match' } },
    { fullUrl: `${base()}/Patient/a`, search: { mode: 'include' } },
  ]);
});

test('G72 a search by POST finds the same; the parameters of its URL and its body are combined', async () => {
  const posted = await ask('POST', '/Patient/_search?gender=male', { headers: FORM, body: 'family=bell' });
  expect([posted.status, idsOf(posted)]).toEqual([200, ['c']]);
  const { body } = await get('Patient?gender=male&family=bell');
  expect(posted.body.entry).toEqual(body.entry);
  expect(idsOf(await ask('POST', '/Patient/_search'))).toHaveLength(4);
  expect(idsOf(await ask('POST', '/_search', { headers: FORM, body: '_type=Observation&_format=json' }))).toEqual(['o']);
});

test('G73 the self link has the applied parameters', async () => {
  const self = new URL(linkOf(await get('Patient?family=bell&gender=male&_sort=-birthdate&_count=5'), 'self')!);
  expect(Object.fromEntries(self.searchParams)).toEqual({ family: 'bell', gender: 'male', _sort: '-birthdate', _count: '5' });
});

// R4: servers SHOULD leave out what they do not know unless handling=strict is asked for. Here strict is what is done unless lenient is asked for.
test.each(['colour=blue', '_colour=blue'])(
  'G74 an unknown parameter (%s) is refused by name; lenient handling ignores and reports it',
  async (query) => {
    const [name] = query.split('=');
    const refused = await get(`Patient?${query}`);
    expectRefusal(refused, 400, 'not-supported');
    expect(refused.body.issue[0].diagnostics).toContain(name);
    const lenient = await get(`Patient?${query}&family=adams`, LENIENT);
    expect([idsOf(lenient), linkOf(lenient, 'self')]).toEqual([['d'], `${base()}/Patient?family=adams`]);
    expect(JSON.stringify(outcomesOf(lenient))).toContain(name);
  },
);

test.each([
  'family:dragon=x',
  'gender:exact=male',
  'birthdate:contains=19',
  'family:not=x',
  'active:text=true',
  '_id:contains=a',
  '_count:missing=true',
  'family:=adams',
  'organization:.name=x',
])('G75 an unsupported modifier (%s) is 400, and is never ignored', async (query) => {
  expectRefusal(await get(`Patient?${query}`), 400, 'not-supported');
});

// R4: "Empty parameters are not an error - they are just ignored". Strict handling says so instead: an empty value is most often a lost one.
test.each(['family=', 'gender=', 'birthdate=', '_id=', 'family=a,', '_sort=', '_count='])(
  'G76 an empty value (%s) is 400',
  async (query) => {
    expectRefusal(await get(`Patient?${query}`), 400);
  },
);

test('G76 lenient handling ignores an empty parameter', async () => {
  expect(idsOf(await get('Patient?family=&gender=male&_sort=_id', LENIENT))).toEqual(['c', 'd']);
});

test.each([
  ['_id', 'a,b,c,d'],
  ['-_id', 'd,c,b,a'],
  ['family,_id', 'd,b,c,a'],
  ['-family,-_id', 'a,c,b,d'],
  ['birthdate', 'a,b,c,d'],
  ['-birthdate', 'c,b,a,d'],
  ['family,-birthdate', 'd,c,b,a'],
  ['_lastUpdated,_id', 'a,b,c,d'],
  ['gender,_id', 'a,b,c,d'],
  ['-gender,-_id', 'd,c,b,a'],
  ['organization,_id', 'c,b,a,d'],
  ['-organization,_id', 'b,c,a,d'],
  ['_source,_id', 'd,a,b,c'],
  ['-_source,_id', 'a,d,b,c'],
])('G90 _sort=%s; resources without a value come last', async (sort, expected) => {
  expect(idsOf(await get(`Patient?_sort=${sort}`)).join()).toBe(expected);
});

test('G90 equal values have the same order on all pages', async () => {
  const seen: string[] = [];
  for (let url: string | undefined = `${base()}/Patient?_sort=family&_count=1`; url; ) {
    const page: Answer = await ask('GET', url.slice(base().length));
    seen.push(...idsOf(page));
    url = linkOf(page, 'next');
  }
  expect([seen.length, new Set(seen).size, seen[0], seen[3]]).toEqual([4, 4, 'd', 'a']);
});

test.each(['colour', 'family,colour', '-', 'family:exact', 'family,,birthdate', 'phonetic', '_score'])(
  'G90 _sort=%s is 400',
  async (sort) => {
    expectRefusal(await get(`Patient?_sort=${sort}`), 400);
  },
);

test('G91 _count limits the matches of a page; 0 returns the total only; a greater value than the maximum is the maximum', async () => {
  expect(idsOf(await get('Patient?_count=3'))).toHaveLength(3);
  const { body: none } = await get('Patient?_count=0');
  expect([none.total, none.entry]).toEqual([4, undefined]);
  expect((await get('Patient?_summary=count')).body.total).toBe(4);
  expect(linkOf(await get('Patient?_count=1000000'), 'self')).toContain('_count=1000');
});

test.each(['-1', 'many', '1.5', ''])('G91 _count=%s is 400', async (count) => {
  expectRefusal(await get(`Patient?_count=${count}`), 400);
});

test('G92 _total=accurate is exact, none has no total, estimate has a number; any other value is 400', async () => {
  const total = async (value: string) => (await get(`Patient?gender=male&_count=1&_total=${value}`)).body.total;
  expect([await total('accurate'), await total('none'), typeof (await total('estimate'))]).toEqual([2, undefined, 'number']);
  expectRefusal(await get('Patient?_total=all'), 400);
});

test.each([
  ['_summary=true', ['name', 'gender', 'birthDate', 'active'], ['text', 'photo']],
  ['_summary=text', ['text'], ['name', 'gender', 'photo']],
  ['_summary=data', ['name', 'gender', 'photo'], ['text']],
  ['_elements=name,gender', ['name', 'gender'], ['text', 'birthDate', 'photo']],
])('G93 %s returns parts of resources, tagged SUBSETTED', async (query, shown, hidden) => {
  const [{ resource }] = (await get(`Patient?_id=a&${query}`)).body.entry;
  for (const name of ['id', 'meta', ...shown]) expect([name, name in resource]).toEqual([name, true]);
  for (const name of hidden) expect([name, name in resource]).toEqual([name, false]);
  expect(resource.meta.tag).toContainEqual(
    expect.objectContaining({ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }),
  );
});

test('G93 _elements keeps mandatory elements; _summary=false shows all; _summary=text with includes is 400', async () => {
  const [{ resource }] = (await get('Observation?_elements=subject')).body.entry;
  expect(Object.keys(resource).sort()).toEqual(['code', 'id', 'meta', 'resourceType', 'status', 'subject']);
  expect((await get('Patient?_id=a&_summary=false')).body.entry[0].resource).toMatchObject({ photo: [{ title: 'x' }], text: {} });
  expectRefusal(await get('Observation?_summary=text&_include=Observation:subject'), 400);
});

/** Whether the CapabilityStatement lists a search parameter of Patients. */
async function isDeclared(name: string): Promise<boolean> {
  const { rest } = (await get('metadata')).body;
  const { searchParam = [] } = rest[0].resource.find(({ type }: { type: string }) => type === 'Patient');
  return [...searchParam, ...(rest[0].searchParam ?? [])].some((parameter: { name: string }) => parameter.name === name);
}

async function isDeclaredOrRefused(name: string, value: string): Promise<void> {
  const answer = await get(`Patient?${name}=${encodeURIComponent(value)}`);
  if (await isDeclared(name)) return expect(answer.status).toBe(200);
  expectRefusal(answer, 400, 'not-supported');
  expect(answer.body.issue[0].diagnostics).toContain(name);
}

test.each([
  ['_contained', 'true'],
  ['_containedType', 'contained'],
])('G94 %s is declared, or refused by name', isDeclaredOrRefused);

test.each([
  ['_filter', 'family eq "Bell"'],
  ['_text', 'bell'],
  ['_content', 'bell'],
  ['_list', 'nobody'],
  ['_query', 'everyone'],
])('G95 %s is declared, or refused by name', isDeclaredOrRefused);

test('G97 a deleted resource is not found, not counted and not included', async () => {
  const tag = { meta: { tag: [{ system: 'urn:g', code: '97' }] } };
  await store(ask, { resourceType: 'Patient', id: 'gone', ...tag }, { resourceType: 'Patient', id: 'stays', ...tag });
  const pointing = { resourceType: 'Observation', id: 'pointing', status: 'final', code: { text: 'x' }, ...tag };
  await store(ask, { ...pointing, subject: { reference: 'Patient/gone' } });
  await ask('DELETE', '/Patient/gone');
  const { body } = await get('Patient?_tag=urn:g|97&_total=accurate');
  expect([body.total, body.entry.length]).toEqual([1, 1]);
  expect((await get('Observation?_tag=urn:g|97&_include=Observation:subject')).body.entry).toHaveLength(1);
  expect(await find('Observation?_tag=urn:g|97&subject.active:missing=true')).toEqual([]);
});

test('G97 resources outside of the scopes are not found, not counted, not included and not reached through a chain', async () => {
  const key = await facet().keyWith('fhir', ['system/Observation.rs']);
  expect((await get('?_id=a,o&_total=accurate', { key })).body).toMatchObject({ total: 1, entry: [{ resource: { id: 'o' } }] });
  expect((await get('Observation?_id=o&_include=Observation:subject', { key })).body.entry).toHaveLength(1);
  expectRefusal(await get('Patient', { key }), 403, 'forbidden');
  expectRefusal(await get('Observation?subject:Patient.family=curie', { key }), 403, 'forbidden');
});

test('G98 a search always finds resources that were written before it', async () => {
  for (let nth = 0; nth < 10; nth++) {
    const { id } = (
      await ask('POST', '/Patient', { body: { resourceType: 'Patient', identifier: [{ system: 'urn:g98', value: `${nth}` }] } })
    ).body;
    expect(await find(`Patient?identifier=urn:g98|${nth}`)).toEqual([id]);
  }
});

// That a search finds what reading everything and looking at each would find is held in test/differential, with random resources and random searches.
test('G98 a search finds the same as a scan of all resources', async () => {
  const all = (await get('Patient?_count=100')).body.entry.map(({ resource }: { resource: Resource }) => resource);
  const by = (test: (one: Resource) => boolean) =>
    all
      .filter(test)
      .map(({ id }: Resource) => id)
      .sort();
  expect(await find('Patient?gender=male')).toEqual(by((one) => one.gender === 'male'));
  expect(await find('Patient?gender:not=male')).toEqual(by((one) => one.gender !== 'male'));
  expect(await find('Patient?birthdate=ge1900')).toEqual(by((one) => String(one.birthDate ?? '') > '1900'));
  expect(await find('Patient?family:missing=true')).toEqual(by((one) => one.name === undefined));
});

test('G99 an outcome in a searchset has no errors', async () => {
  const outcomes = outcomesOf(await get('Patient?colour=blue&_size=7', LENIENT));
  const severities = outcomes.flatMap(({ resource }: { resource: { issue: { severity: string }[] } }) =>
    resource.issue.map(({ severity }) => severity),
  );
  expect(severities).toEqual(['warning', 'warning']);
});
