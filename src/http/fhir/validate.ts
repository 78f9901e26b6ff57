// $validate over HTTP. The response is 200 with an OperationOutcome, also for an invalid resource. It is 4xx only if the request itself is wrong.
// https://hl7.org/fhir/R4/resource-operation-validate.html

import type { Permission } from '../../fhir/access-scope.ts';
import type { Issue } from '../../fhir/outcome.ts';
import { parseValidateRequest, type ValidationMode } from '../../fhir/validation/validate-request.ts';
import { ResourceFault } from '../../fhir/xml/resource-builder.ts';
import { collectIssues } from '../../interactions/validate.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildOperationOutcome } from '../middleware/error-handler.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';

/** A mode needs the permission of the interaction that it tests, because the outcome depends on other resources. */
const PERMISSIONS: Readonly<Record<ValidationMode, Permission>> = { create: 'c', update: 'u', delete: 'd', profile: 'r' };

const NO_ISSUES: Issue = { severity: 'information', code: 'informational', text: 'no issues were found' };

/** POST [type]/$validate, POST and GET [type]/[id]/$validate. */
export async function handleValidate(call: FhirCall): Promise<FhirResponse> {
  const issues = await validate(call).catch((error: unknown) => {
    // XML with an unknown element or a wrong order cannot become JSON, but it is the invalid resource that the client asks about
    if (error instanceof ResourceFault) return error.issues;
    throw error;
  });
  return { status: 200, body: JSON.stringify(buildOperationOutcome(issues.length ? issues : [NO_ISSUES])) };
}

async function validate(call: FhirCall): Promise<Issue[]> {
  const { context, type, id } = call;
  const validation = parseValidateRequest(call.method === 'POST' ? await call.body.json() : undefined, call.query);
  if (validation.mode !== undefined) authorize(context.caller, type, PERMISSIONS[validation.mode]);
  return collectIssues(context, { ...validation, type, ...(id !== '' && { id }) });
}
