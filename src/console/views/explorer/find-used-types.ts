// Finds the types that have resources: a batch asks for one resource of each type, because counts of large types are slow. https://hl7.org/fhir/R4/http.html#transaction
import { type Bundle, FHIR } from '../../api/fhir.ts';
import { type ReadOptions, request } from '../../api/request.ts';

/** The types of which the user may search at least one resource. */
export async function findUsedTypes(types: readonly string[], options: ReadOptions): Promise<string[]> {
  const entry = types.map((type) => ({ request: { method: 'GET', url: `${type}?_count=1&_elements=id` } }));
  const { body } = await request<Bundle<Bundle>>(FHIR, {
    method: 'POST',
    body: { resourceType: 'Bundle', type: 'batch', entry },
    kind: 'read',
    ...options,
  });
  return types.filter((_type, at) => (body.entry?.[at]?.resource?.entry ?? []).length > 0);
}
