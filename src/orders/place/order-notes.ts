// Reads the notes of a request, which are printed on the laboratory's requisition. https://docs.junction.com/lab/workflow/clinical-comments
// Junction documents two limits, 1,000 and 120 characters (docs/decisions/0023-order-acceptance.md).
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

/** The notes, separated by line breaks; undefined: no notes. Too long notes are refused and not shortened: any word may matter. */
export function readClinicalNotes(request: Resource, longest: number): ValidationResult<string | undefined> {
  const text = joinNotes(request);
  const length = [...text].length;
  if (length <= longest) return { value: text === '' ? undefined : text };
  return invalid(
    `the notes of an order can have at most ${longest} characters in total and have ${length}: shorten them`,
    'ServiceRequest.note',
  );
}

export const joinNotes = ({ note }: Resource): string =>
  toList(note)
    .flatMap((one) => (isObject(one) && typeof one.text === 'string' ? one.text : []))
    .join('\n');
