// What is told of an error that was thrown while an order was sent or followed, or a subscriber told: its message may hold people's data.
import { FhirError } from '../fhir/outcome.ts';

/** Our own failures say elements and rules, never values; of others the name is enough. */
export function redactError(error: unknown): string {
  if (!(error instanceof FhirError)) return (error as Error).name;
  return error.issues.map(({ text, expression }) => [...(expression ?? []), text].join(': ')).join('; ');
}
