// Conditional update, patch and delete over HTTP: the URL has search parameters instead of an id. https://hl7.org/fhir/R4/http.html#cond-update
import { invalidStructure } from '../../fhir/outcome.ts';
import { writeConditionally } from '../../interactions/transaction.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { parseIfMatch } from './preconditions.ts';
import { buildEntryResponse } from './write.ts';

/** The search parameters as one text. A write without any is refused (400), because it would select all resources. */
export function readCriteria({ query }: Pick<FhirCall, 'query'>): string {
  const criteria = query.filter(([name]) => name !== '_format' && name !== '_pretty');
  if (!criteria.length) throw invalidStructure('a write without an id needs search parameters that select the resource');
  return new URLSearchParams(criteria).toString();
}

/** Without a match the resource is created. One match is replaced. Several matches are a 412. https://hl7.org/fhir/R4/http.html#cond-update */
export async function handleConditionalUpdate(call: FhirCall): Promise<FhirResponse> {
  const { context, type } = call;
  const facts = { type, criteria: readCriteria(call), ...parseIfMatch(call) };
  return buildEntryResponse(call, await writeConditionally(context, { ...facts, method: 'PUT', draft: await call.body.resource(type) }));
}

/** No match: 404. https://hl7.org/fhir/R4/http.html#patch */
export async function handleConditionalPatch(call: FhirCall): Promise<FhirResponse> {
  const { context, type } = call;
  const facts = { type, criteria: readCriteria(call), ...parseIfMatch(call) };
  return buildEntryResponse(call, await writeConditionally(context, { ...facts, method: 'PATCH', patch: await call.body.patch() }));
}

/** No match: nothing to do; several: 412 (conditionalDelete is single). https://hl7.org/fhir/R4/http.html#3.1.0.7.1 */
export async function handleConditionalDelete(call: FhirCall): Promise<FhirResponse> {
  const { context, type } = call;
  return buildEntryResponse(
    call,
    await writeConditionally(context, { type, criteria: readCriteria(call), ...parseIfMatch(call), method: 'DELETE' }),
  );
}
