// The steps that every write shares, in this order: check → stamp version → index → store (row, history, search rows) → write hooks, all or nothing.

import { aliasHash } from '../fhir/hash.ts';
import { aliasOf } from '../fhir/indexing/alias.ts';
import { indexRows } from '../fhir/indexing/resource.ts';
import { plainOf, stringify } from '../fhir/json.ts';
import { type Issue, invalidAll, ruleAll, tooLong } from '../fhir/outcome.ts';
import { claimsIn } from '../fhir/profile-claims.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import { validate } from '../fhir/validation/validate.ts';
import type { Change } from '../store/resources/change.ts';
import type { HistoryRow, Row } from '../store/resources/row.ts';
import { type Context, type Draft, findWriteHooks, type PendingWrite, type WriteHook } from './context.ts';

export interface Write {
  type: ServedType;
  id: string;
  method: HistoryRow['method'];
  /** Absent: a deletion. */
  draft?: Draft;
  /** The version that is replaced; absent when the resource has never been stored. */
  previous?: Row;
}

/** A version that was stored, and what the client should know of it. */
interface Written {
  row: Row;
  warnings?: Issue[];
}

/** Stores one new version. Undefined: another writer was first, and nothing was written. */
export async function write(context: Context, request: Write): Promise<Written | undefined> {
  const { type, draft, previous } = request;
  const writeHooks = findWriteHooks(context, type, { ...(draft && { resource: draft.plain }), ...(previous && { previous }) });
  if (!writeHooks.length) return written(await apply(context, await accepted(context, request)));
  if (draft) await accept(context, draft, type);
  return context.store.transaction(async (store) => {
    const inside = { ...context, store };
    const write = pending(inside, kept(inside, request, writeHooks));
    for (const hook of writeHooks) await hook.check?.(inside, write);
    const warnings: Issue[] = [];
    for (const hook of writeHooks) warnings.push(...((await hook.warnings?.(inside, write)) ?? []));
    const row = await apply(inside, write);
    if (row) for (const hook of writeHooks) await hook.after?.(inside, write);
    return written(row, warnings);
  });
}

const written = (row: Row | undefined, warnings: Issue[] = []): Written | undefined => row && { row, ...(warnings.length && { warnings }) };

/** The write with what its write hooks keep of the version before. */
function kept(context: Context, request: Write, writeHooks: WriteHook[]): Write {
  const { draft, previous } = request;
  if (!draft || !previous?.body) return request;
  return { ...request, draft: writeHooks.reduce((now, hook) => hook.preserveServerElements?.(context, now, previous) ?? now, draft) };
}

/** A write that somebody asks for: checked, stamped and indexed, and not stored yet. Many of them can go into one statement. */
export async function accepted(context: Context, request: Write): Promise<PendingWrite> {
  if (request.draft) await accept(context, request.draft, request.type);
  return pending(context, request);
}

/** A write of the server's own, which claims of profiles do not stop. */
export function prepared(context: Context, request: Write): PendingWrite {
  if (request.draft) check(request.draft, request.type);
  return pending(context, request);
}

/** The draft of a resource that keeps its digits. */
export const draftOf = (exact: Resource): Draft => ({ exact, plain: plainOf(exact) as Resource });

/** Refuses (400) a resource that is no valid R4. */
function check(draft: Draft, type: ServedType): void {
  const issues = validate(draft.plain, type).filter((found) => found.severity === 'error' || found.severity === 'fatal');
  if (issues.length) throw invalidAll(issues);
}

/** Refuses a resource that is no valid R4 (400), or is not as a loaded profile that it claims asks (422). */
export async function accept(context: Context, draft: Draft, type: ServedType): Promise<void> {
  check(draft, type);
  if (claimsIn(draft.plain).length === 0) return;
  const issues = await context.profiles.refusals(context.store, draft.plain);
  if (issues.length) throw ruleAll(issues);
}

/** What the server adds to what it was sent: id and meta, and the names around uploaded content. In bytes. */
const STAMP = 1024;

/** A character is three bytes of UTF-8 at most (one beyond the BMP, which is two of JavaScript's, four): short texts are not counted. */
const isLonger = (text: string, bytes: number): boolean => text.length * 3 > bytes && Buffer.byteLength(text) > bytes;

/** A write as its write hooks see it: stamped and indexed, not checked. */
export function pending(context: Context, { type, id, method, draft, previous }: Write): PendingWrite {
  const version = (previous?.version ?? 0) + 1;
  const lastUpdated = laterOf(context.clock().toISOString(), previous?.lastUpdated);
  const change: Change = {
    type,
    id,
    version,
    ...(previous && { previous: previous.version, previousRules: previous.rules ?? 0 }),
    lastUpdated,
    method,
    actor: context.caller.actor,
    body: null,
  };
  if (!draft) return { type, id, change, ...(previous && { previous }) };
  const resource = stamped(draft.plain, id, String(version), lastUpdated);
  const alias = aliasOf(context.caller.tenant, type, id);
  change.body = stringify(stamped(draft.exact, id, String(version), lastUpdated));
  if (isLonger(change.body, (context.largest ?? Number.POSITIVE_INFINITY) + STAMP))
    throw tooLong(`this ${type} would be larger than a request may be: keep what is large in resources of its own`);
  change.rules = context.rulesOf?.(type) ?? 0;
  change.index = indexRows(resource, context.registry, alias === id ? [] : [aliasHash(alias)], context.baseUrl);
  return { type, id, change, resource, ...(previous && { previous }) };
}

async function apply(context: Context, write: PendingWrite): Promise<Row | undefined> {
  return (await context.store.write(context.caller.tenant, [write.change])) === 0 ? undefined : storedRow(write);
}

/** The row as it stands once the write is stored. */
export function storedRow({ change, previous }: PendingWrite): Row {
  const { type, id, version, lastUpdated, body } = change;
  const rules = change.rules ?? previous?.rules ?? 0;
  return { type, id, version, lastUpdated, created: previous?.created ?? lastUpdated, body, rules };
}

/** The resource with its id and version facts where a reader expects them, in front; whatever the client said of them is gone. */
export function stamped(resource: Resource, id: string, versionId: string, lastUpdated: string): Resource {
  const { resourceType, id: _id, meta, ...elements } = resource;
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {};
  return { resourceType, id, meta: { versionId, lastUpdated, ...kept }, ...elements };
}

/** A version's time never goes back, whatever the clocks of two processes say. */
const laterOf = (now: string, before: string | undefined): string => (before !== undefined && before > now ? before : now);
