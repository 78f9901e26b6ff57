// Calls every interaction that /metadata lists for every type. R4 interactions that it does not list are refused. https://hl7.org/fhir/R4/http.html#summary,
// https://hl7.org/fhir/R4/capabilitystatement.html
import request from 'supertest';
import { writeXml } from '../../src/fhir/xml/write-xml.ts';
import { FHIR_EXAMPLES } from '../../src/http/openapi/fhir-examples.ts';
import { type Running, startFacet } from './running-server.ts';

interface Served {
  type: string;
  interaction: { code: string }[];
  operation: { name: string; definition: string }[];
  conditionalCreate: boolean;
  conditionalRead: string;
  conditionalUpdate: boolean;
  conditionalDelete: string;
}

let facet: Running;
let served: Served[];
let system: string[];
let patchFormat: string[];
beforeAll(async () => {
  facet = await startFacet();
  const { body } = await request(facet.app).get('/fhir/R4/metadata');
  // AuditEvent is only read and searched: capability.test.ts
  served = body.rest[0].resource.filter(({ type }: Served) => type !== 'AuditEvent');
  system = body.rest[0].interaction.map(({ code }: { code: string }) => code);
  patchFormat = body.patchFormat;
});
afterAll(() => facet.close());

type Method = 'get' | 'head' | 'put' | 'post' | 'patch' | 'delete';
async function status(method: Method, path: string, body?: object | string, headers: Record<string, string> = {}): Promise<number> {
  const sent = request(facet.app)
    [method](`/fhir/R4${path}`)
    .set({ 'x-api-key': facet.demo.fhir!, ...(body && { 'Content-Type': 'application/fhir+json' }), ...headers });
  return (body ? await sent.send(typeof body === 'string' ? body : JSON.stringify(body)) : await sent).status;
}

/** The least that is valid of a type; of the types that are not here, the example of its create in the OpenAPI document. */
const LEAST: Record<string, object> = {
  ActivityDefinition: { status: 'draft' },
  Binary: { contentType: 'text/plain' },
  CareTeam: {},
  Condition: { subject: { reference: 'Patient/a' } },
  Consent: {
    status: 'active',
    scope: { text: 'x' },
    category: [{ text: 'x' }],
    policyRule: { text: 'x' },
  },
  Coverage: { status: 'active', beneficiary: { reference: 'Patient/a' }, payor: [{ reference: 'Patient/a' }] },
  DiagnosticReport: { status: 'final', code: { text: 'x' } },
  Encounter: { status: 'planned', class: { code: 'AMB' } },
  Endpoint: { status: 'active', connectionType: { code: 'x' }, payloadType: [{ text: 'x' }], address: 'https://x.test' },
  Group: { type: 'person', actual: true },
  HealthcareService: {},
  List: { status: 'current', mode: 'working' },
  Observation: { status: 'final', code: { text: 'x' } },
  Organization: { name: 'x' },
  Provenance: { target: [{ reference: 'Patient/a' }], recorded: '2026-01-01T00:00:00Z', agent: [{ who: { reference: 'Patient/a' } }] },
  QuestionnaireResponse: { status: 'completed' },
  RelatedPerson: { patient: { reference: 'Patient/a' } },
  Schedule: { actor: [{ reference: 'Patient/a' }] },
  ServiceRequest: { status: 'draft', intent: 'plan', subject: { reference: 'Patient/a' } },
  Slot: { schedule: { reference: 'Schedule/a' }, status: 'free', start: '2026-01-01T00:00:00Z', end: '2026-01-01T01:00:00Z' },
  Subscription: {
    status: 'off',
    reason: 'x',
    criteria: 'Observation?status=final',
    channel: { type: 'rest-hook', endpoint: 'https://x.test/', payload: 'application/fhir+json', header: ['x: y'] },
  },
  Task: { status: 'draft', intent: 'plan' },
};
const least = (type: string, tag: string, id?: string) => ({
  ...(LEAST[type] ?? (FHIR_EXAMPLES[type]!.value as object)),
  resourceType: type,
  ...(id && { id }),
  meta: { tag: [{ code: tag }] },
});
const JSON_PATCH = { 'Content-Type': 'application/json-patch+json' };
const patch = (tag: string) => [{ op: 'replace', path: '/meta/tag/0/code', value: tag }];

/** Interaction → calls of it, with the status each must have; in an order in which they work. */
const CALLS: Record<string, (type: string) => Promise<[number, number][]>> = {
  create: async (type) => [
    [await status('post', `/${type}`, least(type, 'created')), 201],
    [await status('post', `/${type}`, least(type, 'created'), { 'If-None-Exist': '_tag=created' }), 200],
  ],
  update: async (type) => [
    [await status('put', `/${type}/u`, least(type, 'first', 'u')), 201],
    [await status('put', `/${type}?_tag=first`, least(type, 'second')), 200],
  ],
  patch: async (type) => [
    [await status('patch', `/${type}/u`, patch('third'), JSON_PATCH), 200],
    [await status('patch', `/${type}?_tag=third`, patch('fourth'), JSON_PATCH), 200],
  ],
  read: async (type) => [
    [await status('get', `/${type}/u`), 200],
    [await status('head', `/${type}/u`), 200],
    [await status('get', `/${type}/u`, undefined, { 'If-None-Match': 'W/"4"' }), 304],
    [await status('get', `/${type}/u`, undefined, { 'If-Modified-Since': 'Fri, 01 Jan 2999 00:00:00 GMT' }), 304],
  ],
  vread: async (type) => [[await status('get', `/${type}/u/_history/2`), 200]],
  'history-instance': async (type) => [[await status('get', `/${type}/u/_history`), 200]],
  'history-type': async (type) => [[await status('get', `/${type}/_history`), 200]],
  'search-type': async (type) => [
    [await status('get', `/${type}?_tag=fourth`), 200],
    [await status('post', `/${type}/_search`), 200],
  ],
  delete: async (type) => [
    [await status('delete', `/${type}?_tag=fourth`), 204],
    [await status('get', `/${type}/u`), 410],
    [await status('delete', `/${type}/u`), 204],
  ],
};

test('every listed interaction works for every type, with the declared conditional kinds', async () => {
  const failures: string[] = [];
  for (const { type, interaction, ...facts } of served) {
    expect(interaction.map(({ code }) => code).sort()).toEqual(Object.keys(CALLS).sort());
    expect(facts).toMatchObject({
      conditionalCreate: true,
      conditionalRead: 'full-support',
      conditionalUpdate: true,
      conditionalDelete: 'single',
    });
    for (const [code, call] of Object.entries(CALLS)) {
      for (const [at, [got, expected]] of (await call(type)).entries())
        if (got !== expected) failures.push(`${type} ${code}[${at}]: ${got}, not ${expected}`);
    }
  }
  expect(failures).toEqual([]);
});

const parameters = (...parameter: object[]) => ({ resourceType: 'Parameters', parameter });
/** Stores the least that is valid of a type as `all`, and sends this to an operation on it. */
const onStored = (operation: string, body: object) => async (type: string) => {
  await status('put', `/${type}/all`, least(type, 'x', 'all'));
  return status('post', `/${type}/all/${operation}`, body);
};
const META = parameters({ name: 'meta', valueMeta: { tag: [{ code: 'all' }] } });

const GENDERS = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const GENDER_SYSTEM = 'http://hl7.org/fhir/administrative-gender';

/** Operation → the types it is listed for (all, when absent), and a call of it. */
const OPERATIONS: Record<string, { types?: string[]; definition: string; call: (type: string) => Promise<number> }> = {
  meta: {
    definition: 'Resource-meta',
    call: async (type) => {
      const byPost = await onStored('$meta', parameters())(type);
      const byGet = await Promise.all([`/${type}/all/$meta`, `/${type}/all/_history/1/$meta`].map((path) => status('get', path)));
      return Math.max(byPost, ...byGet);
    },
  },
  graphql: {
    definition: 'Resource-graphql',
    call: async (type) => {
      await status('put', `/${type}/all`, least(type, 'x', 'all'));
      const byPost = await status('post', `/${type}/all/$graphql`, parameters({ name: 'query', valueString: '{id resourceType}' }));
      return Math.max(byPost, await status('get', `/${type}/all/$graphql?query={id,meta{versionId}}`));
    },
  },
  diff: {
    definition: 'urn:uuid:5d1f6a52-6b0f-4f7e-9d28-6f0a4a1c7b7e',
    call: async (type) => {
      await onStored('$meta-add', META)(type);
      return status('get', `/${type}/all/$diff?from=1&to=2`);
    },
  },
  lastn: {
    types: ['Observation'],
    definition: 'Observation-lastn',
    call: async () => {
      const byPost = parameters({ name: 'patient', valueString: 'a' }, { name: 'code', valueString: 'x' });
      return Math.max(await status('get', '/Observation/$lastn?patient=a&code=x'), await status('post', '/Observation/$lastn', byPost));
    },
  },
  match: {
    types: ['Patient'],
    definition: 'Patient-match',
    call: () => status('post', '/Patient/$match', { resourceType: 'Patient', identifier: [{ value: 'x' }] }),
  },
  merge: {
    types: ['Patient'],
    definition: 'Patient-merge',
    call: async () => {
      for (const id of ['source', 'target']) await status('put', `/Patient/${id}`, least('Patient', 'x', id));
      const refer = (role: string) => ({ name: `${role}-patient`, valueReference: { reference: `Patient/${role}` } });
      return status('post', '/Patient/$merge', parameters(refer('source'), refer('target')));
    },
  },
  'meta-add': { definition: 'Resource-meta-add', call: onStored('$meta-add', META) },
  'meta-delete': { definition: 'Resource-meta-delete', call: onStored('$meta-delete', META) },
  validate: { definition: 'Resource-validate', call: (type) => status('post', `/${type}/$validate`, least(type, 'x')) },
  expand: {
    types: ['ValueSet'],
    definition: 'ValueSet-expand',
    call: () => status('get', `/ValueSet/$expand?url=${GENDERS}`),
  },
  'validate-code': {
    types: ['CodeSystem', 'ValueSet'],
    definition: 'TYPE-validate-code',
    call: (type) =>
      status(
        'get',
        `/${type}/$validate-code?url=${type === 'ValueSet' ? `${GENDERS}&system=${GENDER_SYSTEM}` : GENDER_SYSTEM}&code=female`,
      ),
  },
  lookup: {
    types: ['CodeSystem'],
    definition: 'CodeSystem-lookup',
    call: () => status('get', `/CodeSystem/$lookup?system=${GENDER_SYSTEM}&code=female`),
  },
  subsumes: {
    types: ['CodeSystem'],
    definition: 'CodeSystem-subsumes',
    call: () => status('get', `/CodeSystem/$subsumes?system=${GENDER_SYSTEM}&codeA=female&codeB=male`),
  },
  translate: {
    types: ['ConceptMap'],
    definition: 'ConceptMap-translate',
    async call() {
      const group = [{ source: 'urn:a', target: 'urn:b', element: [{ code: 'a', target: [{ code: 'b', equivalence: 'equal' }] }] }];
      await status('put', '/ConceptMap/letters', {
        resourceType: 'ConceptMap',
        id: 'letters',
        url: 'urn:letters',
        status: 'active',
        group,
      });
      return status('get', '/ConceptMap/$translate?url=urn:letters&system=urn:a&code=a');
    },
  },
  everything: {
    types: ['Patient'],
    definition: 'Patient-everything',
    call: async (type) => {
      await status('put', `/${type}/all`, least(type, 'x', 'all'));
      const byPost = await status('post', `/${type}/all/$everything`, { resourceType: 'Parameters' });
      return Math.max(byPost, await status('get', `/${type}/all/$everything`));
    },
  },
};

const R4_OPERATIONS = 'http://hl7.org/fhir/OperationDefinition/';
const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

test('every listed operation works for its types and for no others', async () => {
  const failures: string[] = [];
  for (const { type, operation } of served) {
    const listed = Object.entries(OPERATIONS).filter(([, { types = [type] }]) => types.includes(type));
    const expected = listed.map(([name, { definition }]) => ({
      name,
      definition: new URL(definition.replace('TYPE', type), R4_OPERATIONS).href,
    }));
    expect(operation.map(({ name, definition }) => ({ name, definition })).sort(byName)).toEqual(expected.toSorted(byName));
    for (const [name, { call }] of listed) {
      const got = await call(type);
      if (got !== 200) failures.push(`${type} ${name}: ${got}`);
    }
  }
  expect(failures).toEqual([]);
});

test('every listed system interaction works', async () => {
  const calls: Record<string, () => Promise<number>> = {
    batch: () => status('post', '', { resourceType: 'Bundle', type: 'batch' }),
    transaction: () => status('post', '', { resourceType: 'Bundle', type: 'transaction' }),
    'history-system': () => status('get', '/_history'),
    'search-system': async () => Math.max(await status('get', '/?_type=Patient,Observation'), await status('post', '/_search')),
  };
  expect(system.toSorted()).toEqual(Object.keys(calls).sort());
  for (const code of system) expect([code, await calls[code]!()]).toEqual([code, 200]);
});

test('every listed compartment can be searched, by type and completely, and no other', async () => {
  const { body } = await request(facet.app).get('/fhir/R4/metadata');
  expect(body.rest[0].compartment).toEqual(
    ['device', 'encounter', 'patient', 'practitioner', 'relatedPerson'].map((name) => `http://hl7.org/fhir/CompartmentDefinition/${name}`),
  );
  for (const about of ['Device', 'Encounter', 'Patient', 'Practitioner', 'RelatedPerson']) {
    for (const path of [`/${about}/x/*`, `/${about}/x/${about}`, `/${about}/x/Observation?code=1`])
      expect([path, await status('get', path)]).toEqual([path, 200]);
    for (const path of [`/${about}/x/_search`, `/${about}/x/Observation/_search`])
      expect([path, await status('post', path)]).toEqual([path, 200]);
  }
  for (const { type } of served.filter(
    (server) => !['Device', 'Encounter', 'Patient', 'Practitioner', 'RelatedPerson'].includes(server.type),
  ))
    expect([type, await status('get', `/${type}/x/*`)]).toEqual([type, 404]);
});

test('every listed patch format is accepted, and no other', async () => {
  expect(patchFormat).toEqual(['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml']);
  const part = [
    { name: 'type', valueCode: 'add' },
    { name: 'path', valueString: 'Patient' },
    { name: 'name', valueString: 'active' },
    { name: 'value', valueBoolean: true },
  ];
  const parameters = { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] };
  const bodies = [patch('x'), parameters, writeXml(parameters)];
  for (const [at, format] of patchFormat.entries()) {
    await status('put', '/Patient/formats', least('Patient', 'formats', 'formats'));
    expect(await status('patch', '/Patient/formats', bodies[at]!, { 'Content-Type': format })).toBe(200);
  }
  for (const format of ['application/xml-patch+xml', 'application/merge-patch+json'])
    expect(await status('patch', '/Patient/formats', bodies[0]!, { 'Content-Type': format })).toBe(415);
});

test.each<[Method, string, number]>([
  ['put', '', 405],
  ['patch', '', 405],
  ['delete', '', 405],
  ['post', '/_history', 405],
  ['delete', '/_history', 405],
  ['post', '/metadata', 405],
  ['get', '/Patient/_search', 405],
  ['post', '/Patient/x', 405],
  ['post', '/Patient/x/_history', 405],
  ['delete', '/Patient/x/_history', 405],
  ['delete', '/Patient/x/_history/1', 405],
  ['put', '/Patient/x/_history/1', 405],
  ['get', '/Organization/x/Observation', 404],
  ['get', '/Observation/x/Patient', 404],
  ['put', '/Patient/x/Observation', 405],
  ['get', '/Patient/x/Practitioner', 400],
  ['get', '/Patient/x/_search', 405],
  ['post', '/$convert', 404],
  ['get', '/Patient/$validate', 405],
  ['put', '/Patient/x/$validate', 405],
  ['post', '/$validate', 404],
  ['get', '/Patient/$everything', 404],
  ['put', '/Patient/x/$everything', 405],
  ['get', '/Encounter/x/$everything', 404],
  ['post', '/Group/x/$everything', 404],
  ['get', '/$export', 404],
  ['get', '/.well-known/smart-configuration', 404],
])('an interaction that is not listed is refused: %s %s', async (method, path, expected) => {
  expect(await status(method, path)).toBe(expected);
});
