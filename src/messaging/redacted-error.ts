// The text of an error for logs and queues: the message of a foreign error may hold people's data.
import { FhirError } from '../fhir/outcome.ts';

/** Our own errors name elements and rules, never values; of other errors only the name is shown. */
export function redactError(error: unknown): string {
  if (error instanceof FhirError) return error.issues.map(({ text, expression }) => [...(expression ?? []), text].join(': ')).join('; ');
  return error instanceof Error ? error.name : typeof error;
}
