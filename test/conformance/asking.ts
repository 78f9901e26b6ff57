// A server on a port, and a function that sends requests to it, for the conformance tests.
import { type Listening, listen } from '../journeys/listening.ts';
import type { Instead } from '../journeys/running-server.ts';

export interface Asked {
  headers?: Record<string, string>;
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
  /** Another key; null for none. */
  key?: string | null;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The JSON that came, or undefined. */
  body: ReturnType<typeof JSON.parse>;
}

export type Ask = (method: string, path: string, asked?: Asked) => Promise<Answer>;

/** A server for the tests of a file. `ask` takes paths below the FHIR base. */
export function server(instead: Instead = {}): { ask: Ask; facet: () => Listening; base: () => string } {
  let facet: Listening;
  beforeAll(async () => {
    facet = await listen(instead);
  });
  afterAll(() => facet.close());
  const ask: Ask = async (method, path, { headers = {}, body, key = facet.demo.fhir! } = {}) => {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const type = body === undefined ? {} : { 'Content-Type': 'application/fhir+json' };
    const own = { ...(key && { Authorization: `Bearer ${key}` }), ...type, ...headers };
    const answer = await fetch(`${facet.url}/fhir/R4${path}`, { method, headers: own, ...sent, redirect: 'manual' });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: /json/.test(answer.headers.get('content-type') ?? '') && text ? JSON.parse(text) : undefined,
    };
  };
  return { ask, facet: () => facet, base: () => `${facet.url}/fhir/R4` };
}

/** A refusal: this status, with an OperationOutcome that has an error of this code. */
export function expectRefusal({ status, body }: Answer, expected: number | number[], code?: string): void {
  expect([expected].flat()).toContain(status);
  expect(body).toMatchObject({ resourceType: 'OperationOutcome' });
  expect(body.issue[0]).toMatchObject({ severity: expect.stringMatching(/^(error|fatal)$/), ...(code && { code }) });
}

/** The ids of a searchset's matches, in its order. */
export const idsOf = ({ body }: Answer): string[] =>
  (body.entry ?? [])
    .filter(({ search }: { search?: { mode: string } }) => search?.mode !== 'include' && search?.mode !== 'outcome')
    .map(({ resource }: { resource: { id: string } }) => resource.id);

/** A resource as a test writes it. */
export interface Resource {
  resourceType: string;
  id: string;
  [element: string]: unknown;
}

/** Stores these, each under its own type and id, all at once. */
export async function store(ask: Ask, ...resources: Resource[]): Promise<void> {
  const entry = resources.map((resource) => ({ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } }));
  const { status, text } = await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  if (status !== 200) throw new Error(text);
}

/** What a search finds, by `find('Patient?name=x')`: the ids of the matches, in the order of the alphabet. */
export const finder =
  (ask: Ask) =>
  async (search: string): Promise<string[]> => {
    const answer = await ask('GET', `/${search}`);
    if (answer.status !== 200) throw new Error(`${search}: ${answer.text}`);
    return idsOf(answer).sort();
  };
