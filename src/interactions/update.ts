// update, and update-as-create: https://hl7.org/fhir/R4/http.html#update, #upsert. Managing contention: #concurrency
// docs/decisions/0001-one-statement-writes.md

import { stringify } from '../fhir/json.ts';
import { structure, versionMismatch } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Row } from '../store/resources/row.ts';
import type { Context, Draft, Saved } from './context.ts';
import { retryOnVersionConflict } from './retry-on-version-conflict.ts';
import { accept, stamped, write } from './write.ts';

interface UpdateRequest {
  type: ServedType;
  id: string;
  draft: Draft;
  /** The draft with what it takes over of the version it replaces. */
  takingOver?: (draft: Draft, previous: Row) => Draft;
  /** The version the client means to replace, or `*`; another one current, or none: 412. */
  ifMatch?: string;
  /** Only if there is none yet (`If-None-Match: *`); one there: 412. */
  onlyNew?: boolean;
}

/** Stores the next version, the first one when the id is new. Content equal to what stands makes no new version. */
export async function update(context: Context, request: UpdateRequest): Promise<Saved> {
  const { type, id, draft } = request;
  if (draft.plain.id !== id) throw structure('the id in the body must be the id in the URL', `${type}.id`);
  return retryOnVersionConflict(context, request, (now, previous) => replace(now, request, previous));
}

async function replace(
  context: Context,
  { type, id, draft: given, takingOver, ifMatch, onlyNew }: UpdateRequest,
  previous: Row | undefined,
): Promise<Saved | undefined> {
  precondition(previous, ifMatch);
  if (onlyNew) refuseCurrent(previous);
  const draft = previous && takingOver ? takingOver(given, previous) : given;
  if (previous && isSame(draft, previous)) {
    await accept(context, draft, type);
    return { row: previous, outcome: 'unchanged' };
  }
  const made = await write(context, { type, id, method: 'PUT', draft, ...(previous && { previous }) });
  return made && { ...made, outcome: previous === undefined || previous.body === null ? 'created' : 'updated' };
}

/** `If-Match: *`: whichever version is current. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1 */
export const ANY = '*';

/** If-Match names the version that must stand (412 otherwise). https://hl7.org/fhir/R4/http.html#concurrency */
export function precondition(current: Row | undefined, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  if (current === undefined || current.body === null) throw versionMismatch('If-Match asks for a current version, and there is none');
  if (ifMatch !== ANY && ifMatch !== String(current.version)) throw versionMismatch('If-Match names a version that is not the current one');
}

/** `If-None-Match: *` means that there must be nothing (412 otherwise). https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
export function refuseCurrent(current: Row | undefined): void {
  if (current && current.body !== null) throw versionMismatch('If-None-Match: * was asked for, and there is one already');
}

/** Whether the draft says what the row says already: storing it would make a version equal to the one before. */
export const isSame = (draft: Draft, previous: Row): boolean =>
  previous.body === stringify(stamped(draft.exact, previous.id, String(previous.version), previous.lastUpdated));
