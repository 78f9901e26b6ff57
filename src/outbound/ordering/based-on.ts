// Whether a request is one instance of another that was sent already: it is not ordered again. https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.basedOn
import { referenceTarget } from '../../fhir/reference-target.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../resource/context.ts';
import { referencesIn, typeBehind } from './linked.ts';
import { NEVER_SENT, presentEntry } from './order-entry.ts';

/** So far a chain of requests is followed. */
const FARTHEST = 16;

/** The reference that leads to a request that was sent, at whatever remove, or to one that is not here: whether that was sent nobody here knows. */
export async function repeats(context: Context, request: Resource, farthest = FARTHEST): Promise<string | undefined> {
  for (const [path, reference] of referencesIn(request, 'basedOn')) {
    if ((typeBehind(request, reference) ?? 'ServiceRequest') !== 'ServiceRequest') continue;
    if (farthest === 0 || (await wasSent(context, reference.reference ?? '', farthest))) return path;
  }
  return undefined;
}

/** The request is held: whoever orders it at this moment comes before this, and is seen. */
async function wasSent(context: Context, reference: string, farthest: number): Promise<boolean> {
  const { store, caller, baseUrl } = context;
  const [type, id] = referenceTarget(reference, baseUrl)?.split('/') ?? [];
  const [row] = type === 'ServiceRequest' && id !== undefined ? await store.hold(caller.tenant, [{ type, id }]) : [];
  if (!row?.body) return true;
  const entry = await presentEntry(store, caller.tenant, row.id);
  if (entry && !NEVER_SENT.has(entry.state)) return true;
  return (await repeats(context, JSON.parse(row.body) as Resource, farthest - 1)) !== undefined;
}
