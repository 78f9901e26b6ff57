// Stores the example resources for a tenant through the FHIR API.
import { complete, type StoredExample } from './resources.ts';
import type { WalkTarget } from './walk.ts';

const BATCH = 100;

/** A part of a resource that R4 does not accept alone gets the smallest other elements. Returns how many were stored. */
export async function fill(target: WalkTarget, resources: StoredExample[]): Promise<number> {
  const refused = await put(target, await put(target, resources).then((parts) => parts.map(complete)));
  return resources.length - refused.length;
}

/** Returns those that were refused. */
async function put({ url, keys }: WalkTarget, resources: StoredExample[]): Promise<StoredExample[]> {
  const refused: StoredExample[] = [];
  for (let at = 0; at < resources.length; at += BATCH) {
    const part = resources.slice(at, at + BATCH);
    const entry = part.map((resource) => ({ request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` }, resource }));
    const response = await fetch(`${url}/fhir/R4`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.fhir}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry }),
    });
    const body = (await response.json()) as { entry: { response: { status: string; outcome?: unknown } }[] };
    refused.push(...part.filter((_one, n) => !/^20/.test(body.entry[n]!.response.status)));
  }
  return refused;
}
