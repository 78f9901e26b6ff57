// J. US Core's server: every search that a version of it (6.1, 7.0, 8.0) says a server SHALL do, alone and together. https://hl7.org/fhir/us/core/CapabilityStatement-us-core-server.html
import { type Answer, expectRefusal, idsOf, type Resource, server, store } from './asking.ts';
import { HBA1C, LAB, LAB_ORDER, LAB_V2, MRN, OTHERS, OURS, provenance } from './us-core-resources.ts';

const { ask, facet } = server();
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
beforeAll(async () => {
  await store(ask, ...OURS, ...OTHERS);
  await store(ask, ...OURS.map(provenance));
});

const sent = (query: string) => query.replaceAll('|', '%7C').replaceAll('+', '%2B');
const byGet = (type: string, query: string) => ask('GET', `/${type}?${sent(query)}`);
const byPost = (type: string, query: string) => ask('POST', `/${type}/_search`, { headers: FORM, body: sent(query) });

const DAY = 'ge2026-03-01&DATE=le2026-03-02';
const MOMENT = 'gt2026-03-01T09:59:59-05:00&DATE=lt2026-03-02T10:00:01-05:00';
const between = (name: string, bounds: string) => `${name}=${bounds.replaceAll('DATE', name)}`;

// The table of the requirements, row by row; a search by a token stands here with its system and without.
const SHALL: Record<string, [finds: string, queries: string[]]> = {
  Patient: [
    'ada',
    [
      '_id=ada',
      `identifier=${MRN.system}|100`,
      'identifier=100',
      'name=lovelace',
      'name=ada',
      'birthdate=1985-12-10&name=lovelace',
      'gender=female&name=lovelace',
    ],
  ],
  Practitioner: ['lee', ['name=lee', 'identifier=http://hl7.org/fhir/sid/us-npi|1234567893', 'identifier=1234567893']],
  PractitionerRole: [
    'role',
    [
      'specialty=http://nucc.org/provider-taxonomy|207Q00000X',
      'specialty=207Q00000X',
      'practitioner=lee',
      'practitioner=Practitioner/lee',
      'practitioner.identifier=http://hl7.org/fhir/sid/us-npi|1234567893',
      'practitioner.identifier=1234567893',
      'practitioner.name=lee',
    ],
  ],
  Organization: ['clinic', ['name=albany', 'address=albany', 'address=12207']],
  Location: ['room', ['name=albany', 'address=albany', 'address=ny']],
  ServiceRequest: [
    'order',
    [
      '_id=order',
      `patient=ada&category=${LAB_ORDER}`,
      'patient=Patient/ada&category=108252007',
      `patient=ada&code=${HBA1C}`,
      'patient=Patient/ada&code=4548-4',
      `patient=ada&category=${LAB_ORDER}&${between('authored', DAY)}`,
      `patient=ada&category=${LAB_ORDER}&${between('authored', MOMENT)}`,
    ],
  ],
  DiagnosticReport: [
    'report',
    [
      `patient=ada&category=${LAB_V2}`,
      'patient=Patient/ada&category=LAB',
      `patient=ada&code=${HBA1C}`,
      'patient=Patient/ada&code=4548-4',
      `patient=ada&category=${LAB_V2}&${between('date', DAY)}`,
      `patient=ada&category=${LAB_V2}&${between('date', MOMENT)}`,
    ],
  ],
  Observation: [
    'result',
    [
      `patient=ada&category=${LAB}`,
      'patient=Patient/ada&category=laboratory',
      `patient=ada&code=${HBA1C}`,
      'patient=Patient/ada&code=4548-4',
      `patient=ada&category=${LAB}&${between('date', DAY)}`,
      `patient=ada&category=${LAB}&${between('date', MOMENT)}`,
    ],
  ],
};

const SHOULD: Record<string, string[]> = {
  Patient: ['birthdate=1985-12-10&family=lovelace', 'death-date=2026-01-02&family=lovelace', 'family=lovelace&gender=female'],
  Practitioner: ['_id=lee'],
  Location: ['address-city=albany', 'address-state=ny', 'address-postalcode=12207'],
  ServiceRequest: ['patient=ada&status=active', `patient=ada&code=${HBA1C}&${between('authored', DAY)}`],
  DiagnosticReport: [
    'patient=ada&status=final',
    `patient=ada&code=${HBA1C}&${between('date', DAY)}`,
    `patient=ada&category=${LAB_V2}&_lastUpdated=ge2020-01-01T00:00:00Z`,
  ],
  Observation: [
    `patient=ada&code=${HBA1C}&${between('date', DAY)}`,
    `patient=ada&category=${LAB}&status=final`,
    `patient=ada&category=${LAB}&_lastUpdated=ge2020-01-01T00:00:00Z`,
  ],
};

const finds = (type: string) => SHALL[type]![0];
const rows = (table: [type: string, queries: string[]][]) =>
  table.flatMap(([type, queries]) => queries.map((query): [string, string] => [type, query]));

test.each(rows(Object.entries(SHALL).map(([type, [, queries]]) => [type, queries])))(
  'J SHALL: %s?%s, by GET and by POST',
  async (type, query) => {
    for (const answer of [await byGet(type, query), await byPost(type, query)])
      expect([answer.status, idsOf(answer)]).toEqual([200, [finds(type)]]);
  },
);

test.each(rows(Object.entries(SHOULD)))('J SHOULD: %s?%s', async (type, query) => {
  const answer = await byGet(type, query);
  expect([answer.status, idsOf(answer)]).toEqual([200, [finds(type)]]);
});

test.each(['ServiceRequest', 'DiagnosticReport', 'Observation'])(
  'J %s of a patient, by the id alone and with the type: exactly those of the patient',
  async (type) => {
    const all = [finds(type), `${finds(type)}-old`];
    for (const patient of ['ada', 'Patient/ada']) expect(idsOf(await byGet(type, `patient=${patient}`)).sort()).toEqual(all);
  },
);

const includedIn = ({ body }: Answer): string[] =>
  (body.entry ?? [])
    .filter(({ search }: { search: { mode: string } }) => search.mode === 'include')
    .map(({ resource }: { resource: Resource }) => `${resource.resourceType}/${resource.id}`);

test.each(['Patient', 'ServiceRequest', 'DiagnosticReport', 'Observation'])('J %s with _revinclude=Provenance:target', async (type) => {
  expect(includedIn(await byGet(type, `_id=${finds(type)}&_revinclude=Provenance:target`))).toEqual([`Provenance/of-${finds(type)}`]);
});

test.each([
  ['PractitionerRole:practitioner', 'Practitioner/lee'],
  ['PractitionerRole:endpoint', 'Endpoint/inbox'],
])('J PractitionerRole with _include=%s', async (include, included) => {
  expect(includedIn(await byGet('PractitionerRole', `_id=role&_include=${include}`))).toEqual([included]);
});

test.each([
  ['ServiceRequest', 'authored', '2026-03-01T10:00:00-05:00'],
  ['DiagnosticReport', 'date', '2026-03-02T10:00:00-05:00'],
  ['Observation', 'date', '2026-03-02T10:00:00-05:00'],
])('J %s.%s compares by gt, ge, lt and le, to the day and to the second', async (type, name, at) => {
  const found = async (value: string) => idsOf(await byGet(type, `patient=ada&${name}=${value}`)).includes(finds(type));
  const day = at.slice(0, 10);
  expect([await found(`gt${day}`), await found(`ge${day}`), await found(`lt${day}`), await found(`le${day}`)]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect([await found(`gt${at}`), await found(`ge${at}`), await found(`lt${at}`), await found(`le${at}`)]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect([await found('gt2026-02-28'), await found('lt2026-03-04')]).toEqual([true, true]);
});

test.each([
  ['ServiceRequest', 'patient=ada&status=active,completed'],
  ['DiagnosticReport', 'patient=ada&status=final,partial'],
  ['Observation', 'patient=ada&status=final,preliminary'],
])('J %s?%s: a list of statuses is OR', async (type, query) => {
  expect(idsOf(await byGet(type, query)).sort()).toEqual([finds(type), `${finds(type)}-old`]);
});

test('J codes by a list: OR', async () => {
  expect(idsOf(await byGet('Observation', `patient=ada&code=http://loinc.org|1-1,${HBA1C}`))).toEqual(['result']);
});

test('J no search requires a status', async () => {
  for (const type of ['ServiceRequest', 'DiagnosticReport', 'Observation']) expect((await byGet(type, 'patient=ada')).status).toBe(200);
});

test('J 400 for an invalid parameter, 401 without a key, 403 without the scope, 404 for an unknown resource', async () => {
  expectRefusal(await byGet('Patient', 'birthdate=soon'), 400);
  expectRefusal(await ask('GET', '/Patient', { key: null }), 401);
  expectRefusal(await ask('GET', '/Patient', { key: await facet().keyWith('fhir', ['system/Observation.rs']) }), 403);
  expectRefusal(await ask('GET', '/Patient/nobody'), 404);
});

test('J each of these types is declared with read, search, vread and history, and with these parameters and includes', async () => {
  const { body } = await ask('GET', '/metadata');
  for (const [type, [, queries]] of Object.entries(SHALL)) {
    const declared = body.rest[0].resource.find((one: { type: string }) => one.type === type);
    const codes = declared.interaction.map(({ code }: { code: string }) => code);
    expect(codes).toEqual(expect.arrayContaining(['read', 'search-type', 'vread', 'history-instance']));
    const names = queries.flatMap((query) => [...new URLSearchParams(query).keys()].map((name) => name.split('.')[0]));
    expect(declared.searchParam.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(names));
  }
  const role = body.rest[0].resource.find(({ type }: { type: string }) => type === 'PractitionerRole');
  expect(role.searchInclude).toEqual(expect.arrayContaining(['PractitionerRole:endpoint', 'PractitionerRole:practitioner']));
  const patient = body.rest[0].resource.find(({ type }: { type: string }) => type === 'Patient');
  expect(patient.searchRevInclude).toContain('Provenance:target');
});
