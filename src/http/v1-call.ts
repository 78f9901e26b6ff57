// One request to a vendor's door, and the ways from stored rows to that vendor's JSON that all its interactions share.
import type { Request } from 'express';
import { aliasHash } from '../fhir/hash.ts';
import { aliasOf, isUuid } from '../fhir/indexing/alias.ts';
import { parseExact } from '../fhir/json.ts';
import { FhirError, type Issue } from '../fhir/outcome.ts';
import { queryString } from '../fhir/query-string.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Env, Shape, View } from '../projection/shape.ts';
import type { Context } from '../resource/context.ts';
import { search } from '../resource/search.ts';
import type { Page, Row, Start } from '../store/store.ts';
import type { Rate } from './exchange.ts';
import type { Seal } from './page-link.ts';
import type { Port } from './port.ts';

export interface V1Call {
  req: Request;
  shape: Shape;
  context: Context;
  /** The id in the path as the surface shows it; undefined for the collection. */
  id?: string | undefined;
  /** The URL of the collection as the caller reached it, absolute. */
  collection: string;
  requestId: string;
  rate?: Rate | undefined;
  port?: Port | undefined;
  seal: Seal;
}

/** What the server knows when a lens runs. */
export function envOf(context: Context, more: Record<string, unknown> = {}): Env {
  return { alias: (type, id) => aliasOf(context.caller.tenant, type, id), baseUrl: context.baseUrl, ...more };
}

/** Rows → views, with one search per join for the whole page. */
export async function viewsOf({ shape, context }: V1Call, rows: Row[], more: Record<string, unknown> = {}): Promise<View[]> {
  const resources = rows.map((row) => (shape.digits ? parseExact(row.body!) : JSON.parse(row.body!)) as Resource);
  const joins = await Promise.all(
    shape.joins.map(async ({ name, search, shared }) => {
      const answer = rows.length ? await joined(context, search(rows.map((row) => row.id))) : [];
      return { name, shareOf: shared(answer, context.baseUrl) };
    }),
  );
  return rows.map((row, at) => {
    const shares = joins.map(({ name, shareOf }) => [name, shareOf(resources[at]!)] as const);
    return shape.read(resources[at]!, envOf(context, { created: row.created, ...Object.fromEntries(shares), ...more }));
  });
}

/** The view of one row. */
export async function viewOf(call: V1Call, row: Row, more?: Record<string, unknown>): Promise<View> {
  return (await viewsOf(call, [row], more))[0]!;
}

/** So many rows of a join come at once; most joins are whole by then. */
const JOINED_AT_ONCE = 10_000;

/** All of them, however many: a role that is missing would look like one that is not there. */
async function joined(context: Context, query: string): Promise<Resource[]> {
  const found: Resource[] = [];
  let start: Start = {};
  for (;;) {
    const { rows, next } = await find(context, query, { count: JOINED_AT_ONCE, start });
    for (const { body } of rows) found.push(JSON.parse(body!) as Resource);
    if (!next) return found;
    start = { after: next };
  }
}

/** A FHIR search as the mappings write them: `Type?name=value&…`. */
export function find(
  context: Context,
  text: string,
  options: { count: number; start?: Start; total?: 'accurate' | 'none' },
): Promise<Page> {
  const { type, parameters } = queryString(text);
  return search(context, { type, parameters, handling: 'strict', ...options });
}

/** The row behind an id as a surface shows it: the FHIR id itself, or the one whose alias this is. */
export async function rowOf(context: Context, type: ServedType, id: string): Promise<Row | undefined> {
  const row = await context.store.read(context.caller.tenant, type, id);
  if (row || !isUuid(id)) return row?.body === null ? undefined : row;
  const where = [{ on: 'token' as const, any: [aliasHash(id)] }];
  const { rows } = await context.store.search(context.caller.tenant, { type, where, sort: [], count: 1, total: 'none', include: [] });
  return rows[0];
}

/** Does the work in a transaction, joined when there is one. */
export const inTransaction = <T>(call: V1Call, work: (inside: V1Call) => Promise<T>): Promise<T> =>
  call.context.store.transaction((store) => work({ ...call, context: { ...call.context, store } }));

/** The row of the item that the path names, whatever it shows; undefined: there is none. */
export async function rowInPath({ shape, context, id = '' }: V1Call): Promise<Row | undefined> {
  const uuid = shape.surface.readId(shape.resource, id);
  return uuid === undefined ? undefined : rowOf(context, shape.resource, uuid);
}

/** Runs a write; what FHIR refuses is told in the vendor's own field names. */
export async function inVendorWords<T>(shape: Shape, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const issues = error.issues.map((issue) => (issue.expression?.some(isFhirPath) ? inOwnFields(issue, shape) : issue));
    throw new FhirError(error.kind, issues, error.headers);
  }
}

/** A vendor's fields begin with a small letter, the paths of FHIR with a type. */
const isFhirPath = (where: string): boolean => /^[A-Z]/.test(where);

/** The last place is the nearest (`patient_id`, and then which element of that patient); one that no field leads to is left out. */
function inOwnFields({ expression = [], ...issue }: Issue, shape: Shape): Issue {
  const field = expression.flatMap((where) => shape.fieldAt(where) ?? []).at(-1);
  return field === undefined ? issue : { ...issue, text: `${field}: ${issue.text}`, expression: [field] };
}
