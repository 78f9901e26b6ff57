// Prepares a version for storing: check → stamp version → index. write.ts stores it.

import { aliasHash } from '../fhir/hash.ts';
import { buildIndexRows } from '../fhir/indexing/resource-rows.ts';
import type { IndexRows } from '../fhir/indexing/rows.ts';
import { toUuidAlias } from '../fhir/indexing/uuid-alias.ts';
import { stringifyJson, toPlainJson } from '../fhir/json.ts';
import { businessRules, invalidIssues, tooLong } from '../fhir/outcome.ts';
import { checkCoreExtensions } from '../fhir/profile/core-extensions.ts';
import { listProfileClaims } from '../fhir/profile-claims.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import { validateResource } from '../fhir/validation/validate.ts';
import { UNREGISTERED_RULES } from '../store/reindexing.ts';
import type { ResourceChange } from '../store/resources/resource-change.ts';
import { type HistoryRow, parseBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { Context, Draft, PendingWrite } from './context.ts';

export interface WriteRequest {
  type: ServedType;
  id: string;
  method: HistoryRow['method'];
  /** Absent: a deletion. */
  draft?: Draft;
  /** The version that is replaced; absent if the resource was never stored. */
  previous?: ResourceRow;
}

/** Checks, stamps and indexes a client's write without storing it. Many prepared writes can be stored in one statement. */
export async function prepareWrite(context: Context, request: WriteRequest): Promise<PendingWrite> {
  if (request.draft) await checkDraft(context, request.draft, request.type);
  return buildPendingWrite(context, request);
}

/** Prepares a write by the server itself, without checking claimed profiles. */
export function prepareServerWrite(context: Context, request: WriteRequest): PendingWrite {
  if (request.draft) checkStructure(request.draft, request.type);
  return buildPendingWrite(context, request);
}

/** Builds a draft from a resource with exact decimals. The assertion is safe, because converting decimals to numbers does not change the structure. */
export const toDraft = (exact: Resource): Draft => ({ exact, resource: toPlainJson(exact) as Resource });

/** Refuses (400) a resource that is not valid R4. */
function checkStructure(draft: Draft, type: ServedType): void {
  const issues = validateResource(draft.resource, type).filter((found) => found.severity === 'error' || found.severity === 'fatal');
  if (issues.length) throw invalidIssues(issues);
}

/**
 * Refuses a resource that is not valid R4 (400), or that does not conform to the definition of a core extension or to a loaded profile that it claims (422).
 * https://hl7.org/fhir/R4/http.html#create
 */
export async function checkDraft(context: Context, draft: Draft, type: ServedType): Promise<void> {
  checkStructure(draft, type);
  const extensionIssues = checkCoreExtensions(draft.resource);
  if (extensionIssues.length) throw businessRules(extensionIssues);
  if (listProfileClaims(draft.resource).length === 0) return;
  const issues = await context.profiles.findErrors(context.store, draft.resource);
  if (issues.length) throw businessRules(issues);
}

/** In bytes. The most that the server adds to a client's content: id and meta, and the JSON around uploaded content. */
const STAMP_BYTES = 1024;

/** Stamps and indexes a write without checking it. */
export function buildPendingWrite(context: Context, { type, id, method, draft, previous }: WriteRequest): PendingWrite {
  const version = (previous?.version ?? 0) + 1;
  const now = context.clock().toISOString();
  // never earlier than the previous version, even if the clocks of two processes differ
  const lastUpdated = previous && previous.lastUpdated > now ? previous.lastUpdated : now;
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
  // a UTF-16 code unit needs at most three bytes of UTF-8, so the bytes of short texts are not counted
  const mostBytes = (context.maxBodyBytes ?? Number.POSITIVE_INFINITY) + STAMP_BYTES;
  if (change.body.length * 3 > mostBytes && Buffer.byteLength(change.body) > mostBytes)
    throw tooLong(`this ${type} would be larger than the size limit of a request: move large content to other resources`);
  change.rules = context.findIndexRules?.(type) ?? 0;
  change.index = buildIndexRows(resource, context.registry, alias === id ? [] : [aliasHash(alias)], context.baseUrl);
  const replaced = previous && buildReplacedRows(context, previous, change.rules);
  if (replaced) change.replaced = replaced;
  return { type, id, change, resource, ...(previous && { previous }) };
}

/**
 * The index rows of the version that is replaced. Undefined if this process cannot know them: they were built by other rules, or absolute references may have
 * been indexed under another base address.
 */
function buildReplacedRows({ registry, baseUrl = '' }: Context, { body, rules }: ResourceRow, ownRules: number): IndexRows | undefined {
  if (body === null || rules !== ownRules || rules === UNREGISTERED_RULES || (baseUrl !== '' && body.includes(baseUrl))) return undefined;
  const rows = buildIndexRows(parseBody(body), registry, [], baseUrl);
  return rows.references.some(({ text }) => text && ABSOLUTE_URL.test(text)) ? undefined : rows;
}

const ABSOLUTE_URL = /^https?:/i;

/** The row that the write stores. */
export function toStoredRow({ change, previous }: PendingWrite): ResourceRow {
  const { type, id, version, lastUpdated, body } = change;
  const rules = change.rules ?? previous?.rules ?? 0;
  return { type, id, version, lastUpdated, created: previous?.created ?? lastUpdated, body, rules };
}

/** Puts id, versionId and lastUpdated at the beginning of the resource and replaces the client's values. */
export function stampVersion(resource: Resource, id: string, versionId: string, lastUpdated: string): Resource {
  const { resourceType, id: _id, meta, ...elements } = resource;
  const { versionId: _version, lastUpdated: _updated, ...clientMeta } = meta ?? {};
  return { resourceType, id, meta: { versionId, lastUpdated, ...clientMeta }, ...elements };
}
