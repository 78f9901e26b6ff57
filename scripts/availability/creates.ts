// The creates of a workload: their requests, and whether each confirmed create is stored, and each conditional create once.
import type { Client, SentRequest } from './http-client.ts';

export interface Created {
  id: string;
  /** Text that only this resource contains. */
  mark: string;
}

export interface ConditionalCreate {
  mark: string;
  isConfirmed: boolean;
}

export interface RepeatedCreates {
  repeated: number;
  /** Those that were stored before, although their response did not confirm it. */
  stored: number;
  /** The texts of those that fail again. */
  failed: string[];
}

/** A client and the key of its requests to FHIR. */
interface Reader {
  client: Client;
  key: string;
}

const SYSTEM = 'urn:load';
const AT_ONCE = 8;

export const buildPatient = (mark: string): object => ({
  resourceType: 'Patient',
  identifier: [{ system: SYSTEM, value: mark }],
  name: [{ family: mark }],
});

/** May be repeated: https://hl7.org/fhir/R4/http.html#ccreate */
export const buildConditionalCreate = (mark: string, key: string): SentRequest => ({
  method: 'POST',
  path: '/fhir/R4/Patient',
  headers: { Authorization: `Bearer ${key}`, 'If-None-Exist': `identifier=${SYSTEM}|${mark}` },
  body: buildPatient(mark),
});

/** The ids of the creates that are not stored as they were sent. */
export async function findLost(reader: Reader, confirmed: Created[]): Promise<string[]> {
  const lost: string[] = [];
  await forEach(confirmed, async ({ id, mark }) => {
    const { status, text } = await read(reader, `/fhir/R4/Patient/${id}`);
    if (status !== 200 || !text.includes(mark)) lost.push(id);
  });
  return lost;
}

export async function repeatUnconfirmed({ client, key }: Reader, conditional: ConditionalCreate[]): Promise<RepeatedCreates> {
  const unconfirmed = conditional.filter(({ isConfirmed }) => !isConfirmed);
  const result: RepeatedCreates = { repeated: unconfirmed.length, stored: 0, failed: [] };
  await forEach(unconfirmed, async ({ mark }) => {
    const { status } = await client.send(buildConditionalCreate(mark, key));
    if (status === 200) result.stored++;
    else if (status !== 201) result.failed.push(mark);
  });
  return result;
}

/** The texts of the creates for which another number of resources than one is stored. */
export async function findNotOnce(reader: Reader, conditional: ConditionalCreate[]): Promise<string[]> {
  const wrong: string[] = [];
  await forEach(conditional, async ({ mark }) => {
    const { status, text } = await read(reader, `/fhir/R4/Patient?identifier=${SYSTEM}|${mark}&_summary=count`);
    if (status !== 200 || (JSON.parse(text) as { total: number }).total !== 1) wrong.push(mark);
  });
  return wrong;
}

const read = ({ client, key }: Reader, path: string) => client.send({ method: 'GET', path, headers: { Authorization: `Bearer ${key}` } });

async function forEach<T>(all: T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all[Symbol.iterator]();
  const workThroughRest = async (): Promise<void> => {
    for (const one of rest) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workThroughRest));
}
