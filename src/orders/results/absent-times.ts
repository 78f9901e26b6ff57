// The times that US Core requires of a report: if the lab network does not report one, an extension states that it is unknown. Mappings cannot write
// extensions of primitive values. https://hl7.org/fhir/R4/extension-data-absent-reason.html, https://hl7.org/fhir/us/core/general-requirements.html#missing-data
import { toList, toRecord } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';

const ABSENT_REASON = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
/** The element, and the elements of which one is enough. */
const REQUIRED_TIMES: [element: string, alternatives: string[]][] = [
  ['effectiveDateTime', ['effectiveDateTime', 'effectivePeriod']],
  ['issued', ['issued']],
];

/** States for each missing time that it is unknown, and removes the statement from the others. */
export function markAbsentTimes(report: Resource): Resource {
  const marked = { ...report };
  for (const [element, alternatives] of REQUIRED_TIMES) {
    const name = `_${element}`;
    const { extension, ...rest } = toRecord(report[name]);
    const others = toList(extension).filter((value) => toRecord(value).url !== ABSENT_REASON);
    const isPresent = alternatives.some((alternative) => report[alternative] !== undefined);
    const extensions = isPresent ? others : [...others, { url: ABSENT_REASON, valueCode: 'unknown' }];
    const next = { ...rest, ...(extensions.length && { extension: extensions }) };
    if (Object.keys(next).length) marked[name] = next;
    else delete marked[name];
  }
  return marked;
}
