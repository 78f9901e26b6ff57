// Finds out whether a request is an instance of another request that was sent or is waiting to be sent. Such an instance is not ordered again.
// https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.basedOn

import { normalizeReference } from '../../fhir/reference.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { findPresentEntry, NEVER_SENT } from './order-entry.ts';
import { findReferencedType, listReferences } from './references.ts';

/** The maximum length of a chain of `basedOn` references. A longer one counts as repeated. */
const MAX_DEPTH = 16;

/** Whether a request that was not ordered becomes an order when it is made active. */
type BecomesOrder = (request: Resource) => boolean;

/**
 * Returns the path of a reference that leads, directly or through other requests, to a request that was sent or waits to be sent. A request that is not on this
 * server may have been sent, and counts. A waiting request counts, because it may be made active at the same moment.
 */
export async function findRepeatedRequest(
  context: Context,
  request: Resource,
  waits: BecomesOrder,
  farthest = MAX_DEPTH,
): Promise<string | undefined> {
  for (const [path, reference] of listReferences(request, 'basedOn')) {
    if ((findReferencedType(request, reference) ?? 'ServiceRequest') !== 'ServiceRequest') continue;
    if (farthest === 0 || (await isSentOrPending(context, reference.reference ?? '', { waits, farthest }))) return path;
  }
  return undefined;
}

/** Locks the request: a concurrent write that orders it commits first, and its order is then found. */
async function isSentOrPending(
  context: Context,
  reference: string,
  { waits, farthest }: { waits: BecomesOrder; farthest: number },
): Promise<boolean> {
  const { store, caller, baseUrl } = context;
  const [type, id] = normalizeReference(reference, baseUrl)?.split('/') ?? [];
  const [row] = type === 'ServiceRequest' && id !== undefined ? await store.readForUpdate(caller.tenant, [{ type, id }]) : [];
  if (!row?.body) return true;
  const entry = await findPresentEntry(store, caller.tenant, row.id);
  if (entry && !NEVER_SENT.has(entry.state)) return true;
  const base = toTyped('ServiceRequest', JSON.parse(row.body));
  return (!entry && waits(base)) || (await findRepeatedRequest(context, base, waits, farthest - 1)) !== undefined;
}
