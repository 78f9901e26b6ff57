// update, and update-as-create: https://hl7.org/fhir/R4/http.html#update, #upsert. Managing contention: #concurrency
// docs/decisions/0001-one-statement-writes.md

import { stringifyJson } from '../fhir/json.ts';
import { invalidStructure } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context, Draft, WriteResult } from './context.ts';
import { checkIfMatch, checkIfNoneMatch } from './if-match.ts';
import { localizeReferences } from './local-references.ts';
import { checkDraft, stampVersion } from './prepare-write.ts';
import { retryOnVersionConflict } from './retry-on-version-conflict.ts';
import { writeResource } from './write.ts';

interface UpdateRequest {
  type: ServedType;
  id: string;
  draft: Draft;
  /** Returns the draft with elements that it takes over from the previous version. */
  preserveElements?: (draft: Draft, previous: ResourceRow) => Draft;
  /** The version that the client wants to replace, or `*` for any. If another version is current, or none: 412. */
  ifMatch?: string;
  /** `If-None-Match: *`: if a current version exists: 412. */
  onlyNew?: boolean;
}

/** Stores the next version, or the first one if the id is new. Unchanged content does not create a version. */
export async function update(context: Context, request: UpdateRequest): Promise<WriteResult> {
  const { type, id, draft } = request;
  if (draft.resource.id !== id) throw invalidStructure('the id in the body must be the id in the URL', `${type}.id`);
  return retryOnVersionConflict(context, request, (now, previous) => writeUpdate(now, request, previous));
}

async function writeUpdate(
  context: Context,
  { type, id, draft: original, preserveElements, ifMatch, onlyNew }: UpdateRequest,
  previous: ResourceRow | undefined,
): Promise<WriteResult | undefined> {
  checkIfMatch(previous, ifMatch);
  if (onlyNew) checkIfNoneMatch(previous);
  const local = localizeReferences(context, original);
  const draft = previous && preserveElements ? preserveElements(local, previous) : local;
  if (previous && isUnchanged(draft, previous)) {
    await checkDraft(context, draft, type);
    return { row: previous, outcome: 'unchanged' };
  }
  const written = await writeResource(context, { type, id, method: 'PUT', draft, ...(previous && { previous }) });
  return written && { ...written, outcome: previous === undefined || previous.body === null ? 'created' : 'updated' };
}

/** Whether the draft has the same content as the row. */
export const isUnchanged = (draft: Draft, previous: ResourceRow): boolean =>
  previous.body === stringifyJson(stampVersion(draft.exact, previous.id, String(previous.version), previous.lastUpdated));
