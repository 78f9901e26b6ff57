// The steps that every write shares, in this order: check → stamp version → index → store (row, history, search rows) → write hooks, all or nothing.

import { aliasHash } from '../fhir/hash.ts';
import { buildIndexRows } from '../fhir/indexing/resource-rows.ts';
import { toUuidAlias } from '../fhir/indexing/uuid-alias.ts';
import { stringifyJson, toPlainJson } from '../fhir/json.ts';
import { businessRules, type Issue, invalidIssues, tooLong } from '../fhir/outcome.ts';
import { listProfileClaims } from '../fhir/profile-claims.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import { validateResource } from '../fhir/validation/validate.ts';
import type { ResourceChange } from '../store/resources/resource-change.ts';
import type { HistoryRow, ResourceRow } from '../store/resources/resource-row.ts';
import { type Context, type Draft, findWriteHooks, type PendingWrite, type WriteHook } from './context.ts';

export interface WriteRequest {
  type: ServedType;
  id: string;
  method: HistoryRow['method'];
  /** Absent: a deletion. */
  draft?: Draft;
  /** The version that is replaced; absent when the resource has never been stored. */
  previous?: ResourceRow;
}

/** A version that was stored, and what the client should know of it. */
interface WrittenVersion {
  row: ResourceRow;
  warnings?: Issue[];
}

/** Stores one new version. Undefined: another writer was first, and nothing was written. */
export async function writeResource(context: Context, request: WriteRequest): Promise<WrittenVersion | undefined> {
  const { type, draft, previous } = request;
  const writeHooks = findWriteHooks(context, type, { ...(draft && { resource: draft.resource }), ...(previous && { previous }) });
  if (!writeHooks.length) return toWrittenVersion(await storePending(context, await prepareWrite(context, request)));
  if (draft) await checkDraft(context, draft, type);
  return context.store.transaction(async (store) => {
    const inside = { ...context, store };
    const write = buildPendingWrite(inside, preserveServerElements(inside, request, writeHooks));
    for (const hook of writeHooks) await hook.check?.(inside, write);
    const warnings: Issue[] = [];
    for (const hook of writeHooks) warnings.push(...((await hook.warnings?.(inside, write)) ?? []));
    const row = await storePending(inside, write);
    if (row) for (const hook of writeHooks) await hook.after?.(inside, write);
    return toWrittenVersion(row, warnings);
  });
}

const toWrittenVersion = (row: ResourceRow | undefined, warnings: Issue[] = []): WrittenVersion | undefined =>
  row && { row, ...(warnings.length && { warnings }) };

/** The write with what its write hooks keep of the version before. */
function preserveServerElements(context: Context, request: WriteRequest, writeHooks: WriteHook[]): WriteRequest {
  const { draft, previous } = request;
  if (!draft || !previous?.body) return request;
  return { ...request, draft: writeHooks.reduce((now, hook) => hook.preserveServerElements?.(context, now, previous) ?? now, draft) };
}

/** A write that somebody asks for: checked, stamped and indexed, and not stored yet. Many of them can go into one statement. */
export async function prepareWrite(context: Context, request: WriteRequest): Promise<PendingWrite> {
  if (request.draft) await checkDraft(context, request.draft, request.type);
  return buildPendingWrite(context, request);
}

/** A write of the server's own, which claims of profiles do not stop. */
export function prepareServerWrite(context: Context, request: WriteRequest): PendingWrite {
  if (request.draft) checkStructure(request.draft, request.type);
  return buildPendingWrite(context, request);
}

/** The draft of a resource that keeps its digits. */
export const toDraft = (exact: Resource): Draft => ({ exact, resource: toPlainJson(exact) as Resource });

/** Refuses (400) a resource that is no valid R4. */
function checkStructure(draft: Draft, type: ServedType): void {
  const issues = validateResource(draft.resource, type).filter((found) => found.severity === 'error' || found.severity === 'fatal');
  if (issues.length) throw invalidIssues(issues);
}

/** Refuses a resource that is no valid R4 (400), or is not as a loaded profile that it claims asks (422). */
export async function checkDraft(context: Context, draft: Draft, type: ServedType): Promise<void> {
  checkStructure(draft, type);
  if (listProfileClaims(draft.resource).length === 0) return;
  const issues = await context.profiles.findErrors(context.store, draft.resource);
  if (issues.length) throw businessRules(issues);
}

/** What the server adds to what it was sent: id and meta, and the names around uploaded content. In bytes. */
const STAMP_BYTES = 1024;

/** A character is three bytes of UTF-8 at most (one beyond the BMP, which is two of JavaScript's, four): short texts are not counted. */
const isLonger = (text: string, bytes: number): boolean => text.length * 3 > bytes && Buffer.byteLength(text) > bytes;

/** A write as its write hooks see it: stamped and indexed, not checked. */
export function buildPendingWrite(context: Context, { type, id, method, draft, previous }: WriteRequest): PendingWrite {
  const version = (previous?.version ?? 0) + 1;
  const lastUpdated = findLaterTime(context.clock().toISOString(), previous?.lastUpdated);
  const change: ResourceChange = {
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
  const resource = stampVersion(draft.resource, id, String(version), lastUpdated);
  const alias = toUuidAlias(context.caller.tenant, type, id);
  change.body = stringifyJson(stampVersion(draft.exact, id, String(version), lastUpdated));
  if (isLonger(change.body, (context.maxBodyBytes ?? Number.POSITIVE_INFINITY) + STAMP_BYTES))
    throw tooLong(`this ${type} would be larger than a request may be: keep what is large in resources of its own`);
  change.rules = context.findIndexRules?.(type) ?? 0;
  change.index = buildIndexRows(resource, context.registry, alias === id ? [] : [aliasHash(alias)], context.baseUrl);
  return { type, id, change, resource, ...(previous && { previous }) };
}

async function storePending(context: Context, write: PendingWrite): Promise<ResourceRow | undefined> {
  return (await context.store.write(context.caller.tenant, [write.change])) === 0 ? undefined : toStoredRow(write);
}

/** The row as it stands once the write is stored. */
export function toStoredRow({ change, previous }: PendingWrite): ResourceRow {
  const { type, id, version, lastUpdated, body } = change;
  const rules = change.rules ?? previous?.rules ?? 0;
  return { type, id, version, lastUpdated, created: previous?.created ?? lastUpdated, body, rules };
}

/** The resource with its id and version facts where a reader expects them, in front; whatever the client said of them is gone. */
export function stampVersion(resource: Resource, id: string, versionId: string, lastUpdated: string): Resource {
  const { resourceType, id: _id, meta, ...elements } = resource;
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {};
  return { resourceType, id, meta: { versionId, lastUpdated, ...kept }, ...elements };
}

/** A version's time never goes back, whatever the clocks of two processes say. */
const findLaterTime = (now: string, before: string | undefined): string => (before !== undefined && before > now ? before : now);
