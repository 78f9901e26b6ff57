// What the path of a request names beside an item (`/patients/{patient_id}/notes`): for a create it is said as if the body said it.
import type { ParsedJson } from '../../fhir/json.ts';
import { invalidIssues, notFound } from '../../fhir/outcome.ts';
import type { View } from '../../mapping/shape.ts';
import type { VendorRequest } from './vendor-call.ts';

/** The body with what the path says, whatever the body says of it. */
export function addPathParameters({ pathParameters }: VendorRequest, body: ParsedJson): ParsedJson {
  const { plain, exact } = body;
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return body;
  return { plain: { ...plain, ...pathParameters }, exact: { ...(exact as View), ...pathParameters } };
}

/** So many mistakes are told at once: of a long list the first ones show what is wrong. */
const MAX_ISSUES = 20;

/** Refuses what breaks a rule (400); what is wrong with the path leads nowhere (404). */
export function checkBody({ shape, context, pathParameters }: VendorRequest, body: ParsedJson): void {
  const issues = shape.checkRequest(body.plain, context.clock().toISOString());
  if (issues.some(({ expression }) => expression?.some((name) => name in pathParameters))) throw notFound('there is nothing at this path');
  if (issues.length) throw invalidIssues(issues.slice(0, MAX_ISSUES));
}
