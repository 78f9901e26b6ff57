// Two walls between tenants, each alone: the store's own condition on the tenant, and the views that FACET_RLS=on uses. The same walk goes over the doors of one
// tenant while another has the same kinds of data. The store's condition is taken out by rewriting its statements, and only then do rows of the other tenant
// appear, unless the second wall stands. docs/decisions/0050-tenant-walls.md
import request from 'supertest';
import type { Database } from '../../src/store/database/database.ts';
import { withoutTenantCondition } from '../store/without-tenant-condition.ts';
import { until } from '../until.ts';
import { registration } from './people.ts';
import { type Keys, nextOf, type Running, startFacet } from './running-server.ts';

/** In every resource and every item of the other tenant, and in nothing of the tenant that walks. */
const SECRET = 'Zanzibar';
const OTHER = 'other-';
const CLINIK = '0190b3c2-0000-7000-8000-00000000000';

/** The same resources for both tenants; the ids and a name differ. */
const resourcesOf = (prefix: string, name: string, digit: number) => [
  {
    resourceType: 'Patient',
    id: `${prefix}pat`,
    active: true,
    gender: 'female',
    birthDate: '1980-01-02',
    name: [{ family: name, given: [name] }],
    identifier: [{ system: 'urn:mrn', value: name }],
    address: [{ city: name, country: 'US' }],
    meta: { tag: [{ system: 'https://loop.health/fhir/NamingSystem/brand', code: 'loop' }] },
  },
  { resourceType: 'Practitioner', id: `${CLINIK}${digit}`, active: true, name: [{ family: name, given: [name] }] },
  { resourceType: 'Organization', id: `${prefix}org`, active: true, name },
  {
    resourceType: 'Encounter',
    id: `${prefix}enc`,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: `Patient/${prefix}pat` },
    period: { start: '2026-01-02T03:04:05Z' },
    type: [{ text: name }],
  },
  {
    resourceType: 'Observation',
    id: `${prefix}obs`,
    status: 'final',
    code: { text: name, coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    subject: { reference: `Patient/${prefix}pat` },
    encounter: { reference: `Encounter/${prefix}enc` },
    effectiveDateTime: '2026-01-02T03:04:05Z',
    valueQuantity: { value: 13.5, unit: 'g/dL', system: 'http://unitsofmeasure.org', code: 'g/dL' },
    component: [{ code: { text: name, coding: [{ system: 'urn:c', code: 'one' }] }, valueQuantity: { value: 7, unit: name } }],
  },
  {
    resourceType: 'Condition',
    id: `${prefix}con`,
    subject: { reference: `Patient/${prefix}pat` },
    code: { text: name },
    onsetDateTime: '2026-01-02',
  },
  {
    resourceType: 'RiskAssessment',
    id: `${prefix}risk`,
    status: 'final',
    subject: { reference: `Patient/${prefix}pat` },
    method: { text: name },
    prediction: [{ outcome: { text: name }, probabilityDecimal: 0.5 }],
  },
];
const TYPES = resourcesOf('', '', 0).map(({ resourceType }) => resourceType);

/** Values that both tenants' resources have, by the type of the search parameter. A string or a reference is that of the other tenant. */
const VALUES: Record<string, string[]> = {
  token: ['female', 'final', 'finished', 'true', `urn:mrn|${SECRET}`, '718-7'],
  string: [SECRET.toLowerCase()],
  'string:contains': ['anziba'],
  'string:exact': [SECRET],
  date: ['ge1970-01-01', '2026-01-02', 'lt2100'],
  number: ['0.5', 'gt0.1'],
  quantity: ['13.5', 'gt1||g/dL', 'gt1|http://unitsofmeasure.org|g/dL'],
  reference: [`Patient/${OTHER}pat`, `Encounter/${OTHER}enc`],
  composite: ['718-7$gt1', 'one$gt1'],
};

interface Statement {
  rest: [{ resource: { type: string; searchParam?: { name: string; type: string }[] }[] }];
}

/** Every search parameter of every type that both have: with values, as the order, and missing or not. */
async function searchesOf(facet: Running): Promise<string[]> {
  const { rest } = (await facet.fhir('get', '/metadata')).body as Statement;
  const types = rest[0].resource.filter(({ type }) => TYPES.includes(type));
  expect(types).toHaveLength(TYPES.length);
  const ofParameter = (type: string, { name, type: kind }: { name: string; type: string }): string[] => [
    ...(VALUES[kind] ?? []).map((value) => `/${type}?${name}=${encodeURIComponent(value)}`),
    ...(kind === 'string' ? ['contains', 'exact'].map((how) => `/${type}?${name}:${how}=${VALUES[`string:${how}`]![0]}`) : []),
    ...(kind === 'token' ? [`/${type}?${name}:not=nothing`] : []),
    ...['true', 'false'].map((missing) => `/${type}?${name}:missing=${missing}`),
    `/${type}?_sort=${name}`,
  ];
  return types.flatMap(({ type, searchParam = [] }) => [
    `/${type}`,
    `/${type}?_total=accurate&_count=1`,
    `/${type}?_include=*&_revinclude=*`,
    `/${type}?_revinclude:iterate=*&_id=${OTHER}pat`,
    `/${type}/_history`,
    ...searchParam
      .filter(({ name }) => !['_filter', '_text', '_content', '_query', '_list', '_has'].includes(name))
      .flatMap((one) => ofParameter(type, one)),
  ]);
}

const CHAINS = [
  `/Observation?subject:Patient.family=${SECRET}`,
  `/Observation?encounter.subject:Patient.name:contains=${SECRET}`,
  '/Patient?_has:Observation:subject:code=718-7',
  '/Patient?_has:Observation:subject:_has:Encounter:part-of:status=finished',
  `/Patient/${OTHER}pat/Observation`,
  `/Patient/${OTHER}pat/$everything`,
  `/Observation/$lastn?subject=Patient/${OTHER}pat&code=718-7`,
  '/Observation/$lastn?code=718-7',
  `/Observation?_filter=code eq 718-7`,
  `/?_type=Patient,Observation`,
  `/?_type=Patient&name=${SECRET}`,
  '/_history',
  `/Patient/${OTHER}pat`,
  `/Patient/${OTHER}pat/_history`,
  `/Patient/${OTHER}pat/_history/1`,
  `/Observation/${OTHER}obs`,
  `/Practitioner/${CLINIK}2`,
];

/** The lists of the vendors, and their items of the other tenant. */
const VENDORS: [surface: string, path: string][] = [
  ['loop', '/v1/patients?brand_id=loop'],
  ['loop', `/v1/patients/${OTHER}pat`],
  ['loop', '/v1/physicians'],
  ['clinik', '/v1/practitioner-roles'],
  ['clinik', '/v1/patients'],
  ['clinik', `/v1/patients/${OTHER}pat`],
  ['clinik', '/v1/encounters'],
  ['clinik', '/v1/conditions'],
  ['jump', '/clinician-profiles'],
  ['jump', `/clinician-profiles/${CLINIK}2`],
  ['jump', '/patients'],
];

/** What changes data, by conditions that match the other tenant's. */
async function writeAsDemo(facet: Running): Promise<string[]> {
  const [, practitioner, ...rest] = resourcesOf('', 'Own', 2);
  const patient = { ...resourcesOf(OTHER, 'Own', 2)[0]! };
  const bundle = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { request: { method: 'PUT', url: `Organization?name=${SECRET}` }, resource: { resourceType: 'Organization', name: 'Own' } },
      {
        request: { method: 'POST', url: 'Condition', ifNoneExist: `code:text=${SECRET}` },
        resource: { ...rest[4], id: undefined, subject: { display: 'x' }, resourceType: 'Condition' },
      },
      { request: { method: 'GET', url: `Patient?name=${SECRET}` } },
    ],
  };
  const responses = [
    await facet.fhir('put', `/Patient/${OTHER}pat`).send(patient),
    await facet.fhir('put', `/Practitioner/${CLINIK}2`).send(practitioner),
    await facet.fhir('delete', `/Observation?code:text=${SECRET}`),
    await facet.fhir('delete', `/Observation/${OTHER}obs`),
    await facet
      .fhir('patch', `/Encounter/${OTHER}enc`)
      .set('Content-Type', 'application/json-patch+json')
      .send([{ op: 'replace', path: '/status', value: 'cancelled' }]),
    await facet.fhir('post', '/').send(bundle),
  ];
  return responses.map(({ text }) => text);
}

interface Walked {
  asked: number;
  /** The paths whose responses had something of the other tenant. */
  leaks: string[];
  /** How many resources of the other tenant were changed by the tenant that walks. */
  changed: number;
}

const contains = (text: string): boolean => text.includes(SECRET) || text.includes(`"${OTHER}`);
/** What a client sent is in an error or a link of the response; only resources are looked through. */
const shown = (
  body: { entry?: { resource?: object }[]; link?: unknown; issue?: unknown; resourceType?: string } | undefined,
  text: string,
): string =>
  body?.resourceType === 'OperationOutcome'
    ? ''
    : body?.entry || body?.link
      ? JSON.stringify((body.entry ?? []).map(({ resource }) => resource))
      : text;

async function walk(env: Record<string, string>, over?: (database: Database) => Database): Promise<Walked> {
  const facet = await startFacet(env, undefined, over ? { over } : {});
  try {
    await fill(facet, facet.demo, 'own-', 'Ordinary', 1);
    await fill(facet, facet.other, OTHER, SECRET, 2);
    const leaks: string[] = [];
    const paths = [...(await searchesOf(facet)), ...CHAINS];
    for (const path of paths) {
      const { body, text } = await facet.fhir('get', path);
      if (contains(shown(body, text)) || body.total > TYPES.length * 2) leaks.push(path);
    }
    leaks.push(...(await walkPages(facet)));
    for (const [surface, path] of VENDORS) {
      const { text, status } = await request(facet.app).get(path).set('x-api-key', facet.demo[surface]!);
      if (status === 200 && contains(text)) leaks.push(`${surface} ${path}`);
    }
    const texts = await writeAsDemo(facet);
    leaks.push(
      ...texts.flatMap((text, at) =>
        text.includes('"resource":{') && contains(text.replaceAll(/"(fullUrl|url|location|diagnostics)":"[^"]*"/g, ''))
          ? [`write ${at}`]
          : [],
      ),
    );
    return { asked: paths.length + VENDORS.length, leaks, changed: await countChanges(facet) };
  } finally {
    await facet.close();
  }
}

async function fill(facet: Running, keys: Keys, prefix: string, name: string, digit: number): Promise<void> {
  for (const resource of resourcesOf(prefix, name, digit)) {
    const { status } = await facet.put(resource, keys.fhir!);
    expect([resource.resourceType, status]).toEqual([resource.resourceType, 201]);
  }
  await request(facet.app)
    .post('/v1/practitioner-roles')
    .set('x-api-key', keys.clinik!)
    .send({ practitionerId: `${CLINIK}${digit}`, role: 'nurse' })
    .expect(201);
  await request(facet.app)
    .post('/v1/physicians')
    .set('x-api-key', keys.loop!)
    .send({ ...registration(`177777777${digit}`), last_name: name })
    .expect(201);
}

/** All pages of a search, of a history and of a list sorted by a string. */
async function walkPages(facet: Running): Promise<string[]> {
  const leaks: string[] = [];
  for (const start of ['/Patient?_count=1', '/Observation?_count=1&_sort=code', '/_history?_count=2']) {
    for (let path: string | undefined = start, pages = 0; path && pages < 30; pages++) {
      const { body, text }: { body: Parameters<typeof nextOf>[0]; text: string } = await facet.fhir('get', path);
      if (contains(shown(body, text))) leaks.push(`a page of ${start}`);
      path = body.link ? nextOf(body) : undefined;
    }
  }
  return leaks;
}

/** How many resources of the other tenant are no longer those that it stored, by the tables. */
async function countChanges({ store: { database } }: Running): Promise<number> {
  const [row] = await database.query<{ changes: number }>(
    `select count(*) filter (where ver > 1 or body is null or body not like '%${SECRET}%')::int as changes from resource
      where tenant_id = (select tenant_id from tenant where slug = 'other') and id like '${OTHER}%'`,
  );
  return row!.changes;
}

test('the walk finds nothing of another tenant with the condition of the store alone', async () => {
  expect(await walk({})).toMatchObject({ leaks: [], changed: 0 });
});

test('without the condition of the store, the walk finds the other tenant at the doors of FHIR and of the vendors, and changes its data', async () => {
  const { leaks, asked, changed } = await walk({ FACET_RLS: 'off' }, withoutTenantCondition);
  expect(asked).toBeGreaterThan(400);
  expect(leaks.length).toBeGreaterThan(100);
  const kinds = [
    '/Patient?name=',
    '/Patient?identifier=',
    '/Observation?date=',
    '/RiskAssessment?probability=',
    '/Observation?value-quantity=',
  ];
  const more = [
    '_total',
    '_include',
    'subject:Patient.family',
    '_history',
    '_sort',
    '$everything',
    '$lastn',
    'a page of',
    'clinik',
    'jump',
    'write',
  ];
  expect([...kinds, ...more].filter((kind) => !leaks.some((leak) => leak.includes(kind)))).toEqual([]);
  expect(changed).toBeGreaterThan(0);
});

test('with FACET_RLS=on, the walk finds nothing of another tenant, though the store has no condition', async () => {
  expect(await walk({ FACET_RLS: 'on' }, withoutTenantCondition)).toMatchObject({ leaks: [], changed: 0 });
});

test('with both walls, the walk finds nothing of another tenant', async () => {
  expect(await walk({ FACET_RLS: 'on' })).toMatchObject({ leaks: [], changed: 0 });
});

test.each([
  ['off', true],
  ['on', false],
] as const)(
  'FACET_RLS=%s: without the condition of the store, a search of the audit finds the events of the other tenant: %s',
  async (rls, isFound) => {
    const facet = await startFacet({ FACET_RLS: rls }, undefined, { over: withoutTenantCondition });
    try {
      await facet.put({ resourceType: 'Patient', id: `${OTHER}pat` }, facet.other.fhir).expect(201);
      await facet.put({ resourceType: 'Patient', id: 'own-pat' }).expect(201);
      const auditor = await facet.keyWith('fhir', ['system/AuditEvent.rs']);
      const search = async () => (await facet.fhir('get', '/AuditEvent?_total=accurate', auditor).expect(200)).text;
      const isStored = (text: string) => text.includes('Patient/own-pat') && (!isFound || text.includes(`Patient/${OTHER}pat`));
      const found = (await until(async () => [await search()].find(isStored)))!;
      const [event] = await facet.store.database.query<{ id: string }>(
        `select id from audit_event where event like '%Patient/${OTHER}pat%'`,
      );
      const { status } = await facet.fhir('get', `/AuditEvent/${event!.id}`, auditor);
      expect([found.includes(OTHER), status]).toEqual([isFound, isFound ? 200 : 404]);
    } finally {
      await facet.close();
    }
  },
);
