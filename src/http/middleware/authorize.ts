// Authorization: refuses (403) a request that the caller's key or its scopes do not cover. docs/decisions/0013-api-keys-and-scopes.md
import { isAllowed, type Permission, toSmallestScope } from '../../fhir/access-scope.ts';
import { forbidden, InsufficientScope } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';

/** Refuses (403) a patient's key on a shape that is not about the patient of the key, and any other key on a shape that is. */
export function authorizePatientKey({ patient }: Caller, aboutMe: boolean): void {
  if (patient !== undefined && !aboutMe) throw forbidden("this API key is a patient's key: it opens only that patient's own endpoints");
  if (patient === undefined && aboutMe)
    throw forbidden("this endpoint needs a patient's API key: create one with facet keys create --patient <id>");
}

/** Refuses (403) what the caller's scopes do not cover. */
export function authorize(caller: Caller, type: string, permission: Permission): void {
  if (!isAllowed(caller.scopes, type, permission))
    throw new InsufficientScope(`the scopes of this credential do not cover this use of ${type}`, toSmallestScope(type, permission));
}
