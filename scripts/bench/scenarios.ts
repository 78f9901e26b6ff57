// What the bench asks for: each request of Facet's beside the same work at the floor.
import type { LoadRequest } from './client.ts';
import { familyOf, patient } from './data.ts';

export interface Scenario {
  name: string;
  /** The same work at the floor; undefined where the floor has none of its own. */
  floor: (() => LoadRequest) | undefined;
  facet: () => LoadRequest;
}

/** Ids that Facet gave. */
export interface Stored {
  patients: string[];
  practitioners: string[];
  rolesOf: string[];
}

const get = (path: string, headers: Record<string, string> = {}): LoadRequest => ({ method: 'GET', path, headers, status: 200 });

const post = (path: string, headers: Record<string, string>, body: object): LoadRequest => ({
  method: 'POST',
  path,
  headers,
  body: JSON.stringify(body),
  status: 201,
});

/** All of them, on what the floor and Facet hold. */
export function scenarios(floorIds: string[], { patients, practitioners }: Stored, keys: Record<string, string>): Scenario[] {
  let fresh = patients.length;
  const any = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)]!;
  const offset = (): number => 20 * Math.floor(Math.random() * Math.floor(practitioners.length / 20));
  const fhir = { 'x-api-key': keys.fhir! };
  const json = { 'Content-Type': 'application/fhir+json' };
  const readFloor = () => get(`/read/${any(floorIds)}`);
  return [
    { name: 'FHIR read', floor: readFloor, facet: () => get(`/fhir/R4/Patient/${any(patients)}`, fhir) },
    {
      name: 'FHIR search by family, 20 rows',
      floor: () => get(`/search?family=${familyOf(Math.floor(Math.random() * 250))}`),
      facet: () => get(`/fhir/R4/Patient?family=${familyOf(Math.floor(Math.random() * 250))}`, fhir),
    },
    {
      name: 'FHIR create',
      floor: () => post('/create', json, patient(fresh++, `New${fresh}`)),
      facet: () => post('/fhir/R4/Patient', { ...fhir, ...json }, patient(fresh++, `New${fresh}`)),
    },
    {
      name: '/v1 read, no join (Loop patient)',
      floor: readFloor,
      facet: () => get(`/v1/patients/${any(patients)}`, { 'x-api-key': keys.loop! }),
    },
    {
      name: 'FHIR search that fetches the same as the next',
      floor: undefined,
      facet: () => get(`/fhir/R4/Practitioner?_id=${any(practitioners)}&_revinclude=PractitionerRole:practitioner`, fhir),
    },
    {
      name: '/v1 read with its roles (Jump profile)',
      floor: readFloor,
      facet: () => get(`/clinician-profiles/${any(practitioners)}`, { 'x-api-key': keys.jump! }),
    },
    {
      name: 'FHIR search that fetches the same as the next, 20 by id',
      floor: undefined,
      facet: () => {
        const from = offset();
        const ids = practitioners.slice(from, from + 20).join(',');
        return get(`/fhir/R4/Practitioner?_id=${ids}&_count=20&_sort=family,given&_revinclude=PractitionerRole:practitioner`, fhir);
      },
    },
    {
      name: '/v1 list, 20 rows with their roles (Jump profiles)',
      floor: () => get(`/list?offset=${offset()}`),
      facet: () => get(`/clinician-profiles?offset=${offset()}`, { 'x-api-key': keys.jump! }),
    },
    {
      name: '/v1 create (Loop patient)',
      floor: () => post('/create', json, patient(fresh++, `New${fresh}`)),
      facet: () =>
        post(
          '/v1/patients',
          { 'x-api-key': keys.loop!, 'Content-Type': 'application/json' },
          {
            brand_id: 'loop',
            first_name: 'Sam',
            last_name: `Bench${fresh++}`,
            email: `sam${fresh}@example.com`,
            date_of_birth: '1990-02-03',
          },
        ),
    },
  ];
}
