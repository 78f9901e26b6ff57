// Loaded profiles: every write API validates resources against the profiles that they claim, and $validate reports the issues.
// https://hl7.org/fhir/R4/profiling.html, https://hl7.org/fhir/R4/resource.html#Meta

import request from 'supertest';
import { administer } from '../../src/cli/admin.ts';
import { stripDefinition } from '../../src/fhir/profile/strip-definition.ts';
import { createSecretBox } from '../../src/orders/accounts/secrets.ts';
import { bloodPressure, US_CORE, usCoreDefinitions, usPatient } from '../fhir/profile-us-core.ts';
import { type Json, withElements } from '../fhir/valid-resources.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
/** How far the server's time is ahead, in ms. */
let ahead = 0;
beforeAll(async () => {
  facet = await startFacet({}, undefined, { clock: () => new Date(Date.now() + ahead) });
});
afterAll(() => facet.close());

const FHIR = 'application/fhir+json';
const api = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string, key = facet.demo.fhir) =>
  request(facet.app)[method](`/fhir/R4${path}`).set('Authorization', `Bearer ${key}`);
const send = (method: 'post' | 'put' | 'patch', path: string, body: unknown, type = FHIR) =>
  api(method, path).set('Content-Type', type).send(JSON.stringify(body));
const listIssues = ({ body }: { body: { issue?: { severity: string; code: string; expression?: string[] }[] } }): string[] =>
  (body.issue ?? []).map(({ severity, code, expression }) => [severity, code, ...(expression ?? [])].join(' '));
const command = (name: string, options: Record<string, string>) => administer(facet.store.database, { command: name, options }, FACTS);
/** Commands on packages ask for no context of a caller. */
const FACTS = {
  keyPrefixes: {},
  mappings: {
    surfaces: [],
    shapes: [],
    touches: [],
    openApi: () => undefined,
    explainSurface: () => undefined,
    explainShape: () => undefined,
  },
  now: () => new Date(),
  syncCatalogue: () => Promise.reject(new Error('not asked for')),
  print: async () => {},
  progress: () => {},
  secrets: createSecretBox([]),
  isEnvironmentExclusive: false,
  contextOf: (): never => {
    throw new Error('no caller');
  },
};
/** Packages are looked for once a second. */
const aSecondLater = (): void => {
  ahead += 1000;
};

const definitions = usCoreDefinitions().map((definition) => {
  const stripped = stripDefinition(definition)!;
  return {
    kind: stripped.resourceType,
    url: stripped.url,
    version: stripped.version,
    type: definition.type,
    body: JSON.stringify(stripped),
  };
});
const load = (version = '5.0.1') =>
  command('profiles add', { package: JSON.stringify({ name: 'us.core', version, depends: { 'us.nlm.vsac': '0.1.0' }, definitions }) });
const bad = withElements(usPatient, { id: undefined, identifier: undefined });
const good = withElements(usPatient, { id: undefined });

test('before a profile is loaded, its claims are accepted, and $validate reports that they are not checked', async () => {
  expect((await send('post', '/Patient', bad)).status).toBe(201);
  expect(listIssues(await send('post', '/Patient/$validate', bad))).toEqual(['information not-supported Patient.meta.profile[0]']);
  expect((await send('post', `/Patient/$validate?profile=${US_CORE}/us-core-patient`, bad)).status).toBe(400);
  expect((await api('get', '/metadata')).body.rest[0].resource[0].supportedProfile).toBeUndefined();
});

describe('once it is loaded', () => {
  let stored: string;
  beforeAll(async () => {
    stored = (await send('post', '/Patient', bad)).body.id;
    const lines = await load();
    expect(lines[0]).toBe('added us.core#5.0.1; every running server uses it within a second');
    expect(lines).toContain('  needs packages that are not loaded: us.nlm.vsac#0.1.0');
    aSecondLater();
  });

  test('a create, an update, a patch and a conditional write that break it are refused (422), each error with its element', async () => {
    const refused = await send('post', '/Patient', withElements(bad, { gender: undefined, name: [{ text: 'x' }] }));
    expect([refused.status, listIssues(refused).sort()]).toEqual([
      422,
      ['error invariant Patient', 'error required Patient.gender', 'error required Patient.identifier'],
    ]);
    expect(refused.body.issue[0].details.text).toContain(`[${US_CORE}/us-core-patient]`);
    const made = await send('post', '/Patient', good);
    expect(made.status).toBe(201);
    const { id } = made.body;
    expect((await send('put', `/Patient/${id}`, { ...bad, id })).status).toBe(422);
    expect((await send('patch', `/Patient/${id}`, [{ op: 'remove', path: '/gender' }], 'application/json-patch+json')).status).toBe(422);
    expect((await send('put', '/Patient?identifier=urn:none|1', bad)).status).toBe(422);
    expect((await api('get', `/Patient/${id}/_history`)).body.entry).toHaveLength(1);
  });

  test('$meta-add refuses a profile that the stored resource does not conform to (422)', async () => {
    const { id } = (await send('post', '/Patient', withElements(bad, { meta: undefined }))).body;
    const profile = { name: 'meta', valueMeta: { profile: [`${US_CORE}/us-core-patient`] } };
    const refused = await send('post', `/Patient/${id}/$meta-add`, { resourceType: 'Parameters', parameter: [profile] });
    expect([refused.status, (await api('get', `/Patient/${id}`)).body.meta.profile]).toEqual([422, undefined]);
  });

  test('invalid R4 is still 400', async () => {
    expect((await send('post', '/Patient', { ...bad, shoe: 1 })).status).toBe(400);
  });

  test('an entry that breaks it fails the transaction and is named', async () => {
    const entry = [good, bad].map((resource) => ({ resource, request: { method: 'POST', url: 'Patient' } }));
    const refused = await send('post', '', { resourceType: 'Bundle', type: 'transaction', entry });
    expect([refused.status, listIssues(refused)]).toEqual([422, ['error required Bundle.entry[1].resource.identifier']]);
    const batch = await send('post', '', { resourceType: 'Bundle', type: 'batch', entry });
    expect(batch.body.entry.map((entry: { response: { status: string } }) => entry.response.status.slice(0, 3))).toEqual(['201', '422']);
  });

  test('claims of a version, of unknown profiles, and of another type are handled', async () => {
    const claiming = (...profile: string[]) => withElements(bad, { meta: { profile } });
    const status = async (resource: Json) => (await send('post', '/Patient', resource)).status;
    expect(await status(claiming(`${US_CORE}/us-core-patient|5.0.1`))).toBe(422);
    expect(await status(claiming(`${US_CORE}/us-core-patient|6.1.0`))).toBe(201);
    expect(await status(claiming('https://example.org/unknown', 'http://hl7.org/fhir/StructureDefinition/Patient'))).toBe(201);
    expect(await status(claiming(`${US_CORE}/us-core-blood-pressure`))).toBe(422);
    expect(await status(claiming(`${US_CORE}/us-core-medicationrequest`))).toBe(422);
  });

  test('a contained resource is validated against its claims', async () => {
    const contained = [{ ...bad, id: 'p' }];
    const refused = await send('post', '/Observation', { ...bloodPressure, meta: undefined, contained, subject: { reference: '#p' } });
    expect([refused.status, listIssues(refused)]).toEqual([422, ['error required Observation.contained[0].identifier']]);
  });

  test('resources that were stored before can be read and deleted, and are validated when they are written again', async () => {
    expect((await api('get', `/Patient/${stored}`)).status).toBe(200);
    expect(listIssues(await api('get', `/Patient/${stored}/$validate`)).filter((line) => line.startsWith('error'))).toEqual([
      'error required Patient.identifier',
    ]);
    expect(
      (await send('patch', `/Patient/${stored}`, [{ op: 'add', path: '/active', value: false }], 'application/json-patch+json')).status,
    ).toBe(422);
    expect((await api('delete', `/Patient/${stored}`)).status).toBe(204);
  });

  test('$validate checks against a profile that is not claimed, and mode profile one that is stored', async () => {
    const profile = `${US_CORE}/us-core-blood-pressure`;
    const unclaimed = withElements(bloodPressure, { meta: undefined, component: undefined });
    expect(
      listIssues(await send('post', `/Observation/$validate?profile=${profile}`, unclaimed)).filter((line) => line.startsWith('error')),
    ).toEqual(['error invariant Observation', ...Array(3).fill('error required Observation.component')]);
    const { body } = await send('post', '/Observation', unclaimed);
    expect(listIssues(await api('get', `/Observation/${body.id}/$validate?mode=profile&profile=${profile}`))).toContain(
      'error required Observation.component',
    );
    expect(listIssues(await api('get', `/Observation/${body.id}/$validate`))).toEqual(['information informational']);
  });

  test('$validate reports issues of R4, of the profile and of codes in one response, errors first', async () => {
    const response = await send('post', '/Patient/$validate', { ...bad, shoe: 1, address: [{ state: 'Massachusetts' }] });
    expect(response.status).toBe(200);
    const severities = response.body.issue.map(({ severity }: { severity: string }) => severity);
    expect(severities).toEqual(
      [...severities].sort((a, b) => ['error', 'warning', 'information'].indexOf(a) - ['error', 'warning', 'information'].indexOf(b)),
    );
    expect(listIssues(response)).toEqual(
      expect.arrayContaining([
        'error structure Patient.shoe',
        'error required Patient.identifier',
        'information not-supported Patient.address[0].state',
      ]),
    );
  });

  test('$validate with a profile of another type reports that', async () => {
    const response = await send('post', `/Patient/$validate?profile=${US_CORE}/us-core-medicationrequest`, good);
    expect([response.status, response.body.issue[0].details.text]).toEqual([200, expect.stringContaining('MedicationRequest')]);
  });

  test('extensions are validated by their definitions, including value and context', async () => {
    const extension = [
      { url: `${US_CORE}/us-core-birthsex`, valueString: 'F' },
      { url: 'https://loop.health/fhir/StructureDefinition/age-verified-at', valueString: 'x' },
      { url: 'https://loop.health/fhir/StructureDefinition/registered-at', valueInstant: '2026-01-01T00:00:00Z' },
      { url: 'https://example.org/unknown', valueString: 'x' },
    ];
    expect(listIssues(await send('post', '/Patient/$validate', { resourceType: 'Patient', extension })).sort()).toEqual([
      'error structure Patient.extension[0].value',
      'error structure Patient.extension[1].value',
      'error structure Patient.extension[2]',
    ]);
  });

  test('/metadata lists the profiles of each type, and other clients see another tag', async () => {
    const { body, headers } = await api('get', '/metadata');
    const patient = body.rest[0].resource.find(({ type }: { type: string }) => type === 'Patient');
    expect(patient.supportedProfile).toEqual([`${US_CORE}/us-core-patient|5.0.1`]);
    await command('profiles remove', { package: 'us.core' });
    aSecondLater();
    const after = await api('get', '/metadata');
    expect(after.headers.etag).not.toBe(headers.etag);
    expect(JSON.stringify(after.body)).not.toContain('us-core-patient');
  });

  test('after it was removed, its claims are accepted', async () => {
    expect((await send('post', '/Patient', bad)).status).toBe(201);
  });
});

describe('value sets and code systems of a loaded package', () => {
  const SYSTEM = 'https://example.org/CodeSystem/spoken';
  const SET = 'https://example.org/ValueSet/nordic';
  const terms = [
    {
      kind: 'CodeSystem',
      url: SYSTEM,
      version: '1.0',
      content: 'complete',
      concept: [{ code: 'nordic', concept: [{ code: 'sv' }, { code: 'da' }] }, { code: 'de' }],
    },
    { kind: 'ValueSet', url: SET, version: '1.0', compose: { include: [{ valueSet: [`${SET}-inner`] }] } },
    {
      kind: 'ValueSet',
      url: `${SET}-inner`,
      compose: { include: [{ system: SYSTEM, filter: [{ property: 'concept', op: 'descendent-of', value: 'nordic' }] }] },
    },
  ];
  const loadTerms = (version: string, list = terms) => {
    const profiles = list.map(({ kind, ...profile }) => ({
      kind,
      url: profile.url,
      version: profile.version,
      body: JSON.stringify({ resourceType: kind, ...profile }),
    }));
    return command('profiles add', { package: JSON.stringify({ name: 'terms', version, depends: {}, definitions: profiles }) });
  };
  const found = async (query: string) => {
    const { status, body } = await api('get', `/Patient?identifier=urn:speaks|&${query}`);
    return [
      status,
      ...(body.entry ?? []).map(({ resource }: { resource: { birthDate: string } }) => resource.birthDate.slice(0, 4)).sort(),
    ];
  };
  const speaking = (code: string, year: string) =>
    send('post', '/Patient', {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:speaks', value: code }],
      birthDate: `${year}-01-01`,
      communication: [{ language: { coding: [{ system: SYSTEM, code }] } }],
    });

  test('are refused by name in a search before it is loaded', async () => {
    for (const [code, year] of [
      ['sv', '1971'],
      ['da', '1972'],
      ['de', '1973'],
      ['nordic', '1974'],
    ])
      await speaking(code!, year!);
    const { status, body } = await api('get', `/Patient?language:in=${SET}`);
    expect([status, body.issue[0].diagnostics]).toEqual([400, `the value set ${SET} is not known here`]);
    expect((await api('get', `/Patient?language:below=${SYSTEM}|nordic`)).status).toBe(400);
  });

  test('work with :in, :not-in, :above and :below, also in _filter, chains and system searches, one second later', async () => {
    await loadTerms('1.0');
    aSecondLater();
    expect(await found(`language:in=${SET}`)).toEqual([200, '1971', '1972']);
    expect(await found(`language:in=${SET}|1.0`)).toEqual([200, '1971', '1972']);
    expect(await found(`language:not-in=${SET}`)).toEqual([200, '1973', '1974']);
    expect(await found(`language:below=${SYSTEM}|nordic`)).toEqual([200, '1971', '1972', '1974']);
    expect(await found(`language:above=${SYSTEM}|sv`)).toEqual([200, '1971', '1974']);
    expect(await found(`_filter=${encodeURIComponent(`language in "${SET}" or language eq de`)}`)).toEqual([200, '1971', '1972', '1973']);
    const patient = (await api('get', '/Patient?identifier=urn:speaks|sv')).body.entry[0].resource;
    await send('post', '/Observation', {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: `Patient/${patient.id}` },
    });
    const chained = await api('get', `/Observation?subject:Patient.language:in=${SET}&_total=accurate`);
    expect([chained.status, chained.body.total]).toEqual([200, 1]);
    expect((await api('get', `/Patient?language:in=${SET}|2.0`)).status).toBe(400);
  });

  test('apply to the criteria of a conditional write, alone and in a transaction', async () => {
    const criteria = `Patient?identifier=urn:speaks|da&language:in=${SET}`;
    const patch = [{ op: 'replace', path: '/birthDate', value: '1982-01-01' }];
    expect((await send('patch', `/${criteria}`, patch, 'application/json-patch+json')).status).toBe(200);
    expect((await send('patch', `/${criteria.replace('|da', '|de')}`, patch, 'application/json-patch+json')).status).toBe(404);
    const resource = { resourceType: 'Patient', identifier: [{ system: 'urn:speaks', value: 'da' }] };
    const entry = [{ resource, request: { method: 'POST', url: 'Patient', ifNoneExist: criteria.slice(8) } }];
    const { status, body } = await send('post', '', { resourceType: 'Bundle', type: 'transaction', entry });
    expect([status, body.entry[0].response.status.slice(0, 3)]).toEqual([200, '200']);
  });

  test('are those of the newest version, and unavailable one second after the package is removed', async () => {
    await loadTerms('2.0', [
      { ...terms[1]!, version: '2.0', compose: { include: [{ system: SYSTEM, concept: [{ code: 'de' }] }] } } as never,
    ]);
    aSecondLater();
    expect(await found(`language:in=${SET}`)).toEqual([200, '1973']);
    expect(await found(`language:in=${SET}|1.0`)).toEqual([200, '1971', '1982']);
    await command('profiles remove', { package: 'terms' });
    aSecondLater();
    expect((await api('get', `/Patient?language:in=${SET}`)).status).toBe(400);
  });
});
