// The notes of a request, which are printed on the laboratory's requisition. https://docs.junction.com/lab/workflow/clinical-comments
// How long they may be is told twice, as 1,000 characters and as 120 (docs/decisions/0023-order-acceptance.md).
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

/** One line after the other; undefined: there are none. What is too long is not cut: nobody knows which words matter. */
export function readClinicalNotes(request: Resource, longest: number): ValidationResult<string | undefined> {
  const text = joinNotes(request);
  const length = [...text].length;
  if (length <= longest) return { value: text === '' ? undefined : text };
  return invalid(
    `the notes of an order are printed at the laboratory and may have ${longest} characters together; these have ${length}: shorten them`,
    'ServiceRequest.note',
  );
}

export const joinNotes = ({ note }: Resource): string =>
  toList(note)
    .flatMap((one) => (isObject(one) && typeof one.text === 'string' ? one.text : []))
    .join('\n');
