// The body of a request with the parameters of its path (`/patients/{patient_id}/notes`), checked: for a create they count as fields of the body.
import { isObject } from '../fhir/json-values.ts';
import { invalidIssues, notFound } from '../fhir/outcome.ts';
import type { View } from '../mapping/shape.ts';
import type { VendorRequest } from './vendor-request.ts';

/** The body of a create in both readings. */
interface CheckedBody {
  plain: View;
  exact: View;
}

/** Path parameters replace fields of the same name. Refuses what breaks a rule of the shape. */
export function readCheckedBody(request: VendorRequest): CheckedBody {
  const { body, pathParameters } = request;
  const plain = isObject(body.plain) ? { ...body.plain, ...pathParameters } : body.plain;
  checkBody(request, plain);
  // a body that is no object has not passed the check
  return { plain: toObject(plain), exact: { ...toObject(body.exact), ...pathParameters } };
}

/** A value that is no object has no fields. */
export const toObject = (value: unknown): View => (isObject(value) ? value : {});

/** More mistakes than these are not listed. */
const MAX_ISSUES = 20;

/** Refuses what breaks a rule (400). A path parameter that breaks one names nothing (404). */
export function checkBody({ shape, context, pathParameters }: VendorRequest, plain: unknown): void {
  const issues = shape.checkRequest(plain, context.clock().toISOString());
  if (issues.some(({ expression }) => expression?.some((name) => name in pathParameters))) throw notFound('there is nothing at this path');
  if (issues.length) throw invalidIssues(issues.slice(0, MAX_ISSUES));
}
