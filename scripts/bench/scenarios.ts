// The requests that the bench measures: each of Facet beside the same work of the floor, where the floor has it.
import type { LoadRequest } from './client.ts';
import { type Corpus, countSubjects, idOf } from './corpus.ts';
import { familyOf, patient, serviceRequest } from './data.ts';

export interface Scenario {
  name: string;
  /** Undefined: the floor has nothing that can be compared. */
  floor?: () => LoadRequest;
  facet: () => LoadRequest;
  /** The request finds as much in a larger corpus, so its time should not grow. */
  isFlat?: boolean;
}

const get = (path: string, headers: Record<string, string> = {}): LoadRequest => ({ method: 'GET', path, headers, status: 200 });
const send = (
  method: string,
  path: string,
  { headers, body, status }: Pick<LoadRequest, 'headers' | 'status'> & { body: object },
): LoadRequest => ({
  method,
  path,
  headers: { 'Content-Type': 'application/fhir+json', ...headers },
  body: JSON.stringify(body),
  status,
});
const below = (count: number): number => Math.floor(Math.random() * count);
const FAMILIES = 250;
const MRN = encodeURIComponent('http://hospital.example.org/mrn|MRN');

/** `keys`: the key of each API. */
export function buildScenarios(corpus: Corpus, keys: Record<string, string>): Scenario[] {
  return [...buildReads(corpus, keys), ...buildSearches(corpus, keys), ...buildWrites(corpus, keys), ...buildVendorScenarios(corpus, keys)];
}

const authorize = (keys: Record<string, string>, surface: string): Record<string, string> => ({ 'x-api-key': keys[surface]! });

function buildReads({ patients }: Corpus, keys: Record<string, string>): Scenario[] {
  const fhir = authorize(keys, 'fhir');
  const any = (): string => idOf('Patient', below(patients));
  return [
    { name: 'FHIR read', floor: () => get(`/read/${any()}`), facet: () => get(`/fhir/R4/Patient/${any()}`, fhir), isFlat: true },
    { name: 'FHIR history of a Patient', facet: () => get(`/fhir/R4/Patient/${any()}/_history`, fhir), isFlat: true },
  ];
}

function buildSearches(corpus: Corpus, keys: Record<string, string>): Scenario[] {
  const { patients, practitioners } = corpus;
  const search = (path: () => string): Pick<Scenario, 'facet' | 'isFlat'> => ({
    facet: () => get(`/fhir/R4/${path()}`, authorize(keys, 'fhir')),
    isFlat: true,
  });
  const yearOfBirth = (): string => {
    const from = 1940 + below(69);
    return `Patient?birthdate=ge${from}-01-01&birthdate=lt${from + 1}-01-01&_count=20`;
  };
  return [
    {
      name: 'FHIR search by family, 20 rows',
      floor: () => get(`/search?family=${familyOf(below(FAMILIES))}`),
      ...search(() => `Patient?family=${familyOf(below(FAMILIES))}`),
    },
    { name: 'FHIR search by identifier', ...search(() => `Patient?identifier=${MRN}${below(patients)}`) },
    { name: 'FHIR search by a year of birth, 20 rows', ...search(yearOfBirth) },
    { name: 'the same, sorted by the date', ...search(() => `${yearOfBirth()}&_sort=birthdate`) },
    {
      name: 'FHIR search of a role with its practitioner',
      ...search(
        () =>
          `PractitionerRole?practitioner=Practitioner/${idOf('Practitioner', below(practitioners))}&_include=PractitionerRole:practitioner`,
      ),
    },
    {
      name: 'FHIR search of active orders of a Patient, newest first',
      ...search(
        () => `ServiceRequest?subject=Patient/${idOf('Patient', below(countSubjects(corpus)))}&status=active&_sort=-authored&_count=20`,
      ),
    },
  ];
}

function buildWrites({ patients, practitioners }: Corpus, keys: Record<string, string>): Scenario[] {
  const headers = authorize(keys, 'fhir');
  let fresh = patients;
  const nextPatient = (): object => patient(fresh++, `New${fresh}`);
  const nextOrder = (): object =>
    serviceRequest(fresh++, {
      subject: 'urn:uuid:00000000-0000-4000-8000-000000000001',
      requester: `Practitioner/${idOf('Practitioner', fresh % practitioners)}`,
    });
  const toEntry = (url: string, resource: object) => ({ resource, request: { method: 'POST', url } });
  const sendTransaction = (entry: object[]): LoadRequest =>
    send('POST', '/fhir/R4', { headers, body: { resourceType: 'Bundle', type: 'transaction', entry }, status: 200 });
  const orders = (): LoadRequest =>
    sendTransaction([
      { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', ...toEntry('Patient', nextPatient()) },
      ...Array.from({ length: 9 }, () => toEntry('ServiceRequest', nextOrder())),
    ]);
  const ten = (): LoadRequest => sendTransaction(Array.from({ length: 10 }, () => toEntry('Patient', nextPatient())));
  const insert = (): LoadRequest => send('POST', '/create', { headers: {}, body: nextPatient(), status: 201 });
  const update = (): LoadRequest => {
    const n = below(patients);
    const id = idOf('Patient', n);
    const body = { ...patient(n), id, telecom: [{ system: 'phone', value: `+1777${fresh++}` }] };
    return send('PUT', `/fhir/R4/Patient/${id}`, { headers, body, status: 200 });
  };
  return [
    {
      name: 'FHIR create',
      floor: insert,
      facet: () => send('POST', '/fhir/R4/Patient', { headers, body: nextPatient(), status: 201 }),
    },
    { name: 'FHIR update', facet: update },
    { name: 'FHIR transaction of a Patient and nine requests', floor: insert, facet: orders },
    { name: 'FHIR transaction of ten Patients', floor: insert, facet: ten },
  ];
}

function buildVendorScenarios({ patients, practitioners }: Corpus, keys: Record<string, string>): Scenario[] {
  const [fhir, loop, jump] = [authorize(keys, 'fhir'), authorize(keys, 'loop'), authorize(keys, 'jump')];
  const anyPatient = (): string => idOf('Patient', below(patients));
  const anyPractitioner = (): string => idOf('Practitioner', below(practitioners));
  const readFloor = (): LoadRequest => get(`/read/${anyPatient()}`);
  const offset = (): number => 20 * below(Math.min(50, Math.floor(practitioners / 20)));
  // several servers share one database, and a vendor refuses an e-mail address that it knows
  let fresh = below(1_000_000_000);
  const nextPatient = (): object => ({
    brand_id: 'loop',
    first_name: 'Sam',
    last_name: `Bench${fresh++}`,
    email: `sam${fresh}@example.com`,
    date_of_birth: '1990-02-03',
  });
  const twenty = (): string => {
    const from = offset();
    return Array.from({ length: 20 }, (_one, at) => idOf('Practitioner', from + at)).join(',');
  };
  return [
    { name: '/v1 read, no join (Loop patient)', floor: readFloor, facet: () => get(`/v1/patients/${anyPatient()}`, loop) },
    {
      name: 'FHIR search that fetches the same as the next',
      facet: () => get(`/fhir/R4/Practitioner?_id=${anyPractitioner()}&_revinclude=PractitionerRole:practitioner`, fhir),
    },
    {
      name: '/v1 read with its roles (Jump profile)',
      floor: readFloor,
      facet: () => get(`/clinician-profiles/${anyPractitioner()}`, jump),
    },
    {
      name: 'FHIR search that fetches the same as the next, 20 by id',
      facet: () =>
        get(`/fhir/R4/Practitioner?_id=${twenty()}&_count=20&_sort=family,given&_revinclude=PractitionerRole:practitioner`, fhir),
    },
    {
      name: '/v1 list, 20 rows with their roles (Jump profiles)',
      floor: () => get(`/list?offset=${offset()}`),
      facet: () => get(`/clinician-profiles?offset=${offset()}`, jump),
    },
    {
      name: '/v1 create (Loop patient)',
      floor: () => send('POST', '/create', { headers: {}, body: patient(below(patients), 'New'), status: 201 }),
      facet: () =>
        send('POST', '/v1/patients', { headers: { 'Content-Type': 'application/json', ...loop }, body: nextPatient(), status: 201 }),
    },
  ];
}
