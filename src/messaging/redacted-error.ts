// The text of an error for logs and queues, without personal data. The message of an error from a library may contain such data.
import { FhirError } from '../fhir/outcome.ts';

/** Returns the full text of our own errors, which name elements and rules but no values. Of other errors, returns only the name. */
export function redactError(error: unknown): string {
  if (error instanceof FhirError) return error.issues.map(({ text, expression }) => [...(expression ?? []), text].join(': ')).join('; ');
  return error instanceof Error ? error.name : typeof error;
}
