// Whether a result changes what is stored: the value of an Observation, or the content of a report that was final.
// https://hl7.org/fhir/R4/valueset-observation-status.html, https://hl7.org/fhir/R4/valueset-diagnostic-report-status.html
import { isDeepStrictEqual } from 'node:util';
import type { ResourceEdit } from '../../interactions/read-modify-write-many.ts';
import type { ExistingResults } from './existing-results.ts';

const VALUE_ELEMENTS = /^(?:value[A-Z]\w*|dataAbsentReason|interpretation)$/;
/** Elements that only a correction by the laboratory changes. */
const CORRECTABLE_ELEMENTS = new Set(['referenceRange', 'note', 'code']);
/** Elements whose codes this server derives from the laboratory's text: a larger table of units is not a correction. */
const DERIVED_CODES = /^(?:value[A-Z]\w*|referenceRange)$/;

/** Whether two versions of an Observation have the same value. `corrected`: the laboratory has announced a correction. */
export function hasSameValue(current: object, next: object, corrected: boolean): boolean {
  const toComparable = (observation: object) =>
    Object.entries(observation)
      .filter(([name]) => VALUE_ELEMENTS.test(name) || (corrected && CORRECTABLE_ELEMENTS.has(name)))
      .map(([name, value]) => [name, DERIVED_CODES.test(name) ? omitCodes(value) : value])
      .sort();
  return isDeepStrictEqual(toComparable(current), toComparable(next));
}

const omitCodes = (value: unknown): string =>
  JSON.stringify(value, (name, part: unknown) => (['system', 'code', 'coding'].includes(name) ? undefined : part));

/** `amended`: stored content changes. `appended`: content is only added. */
export type ContentChange = 'amended' | 'appended' | undefined;

/** `edits`: of the Observations. `references`: the new DiagnosticReport.result. */
export function findContentChange(
  existing: ExistingResults,
  edits: { id: string; edit: ResourceEdit['edit'] }[],
  references: string[],
): ContentChange {
  if (!existing.report || existing.report.status === 'partial') return undefined;
  const isChanged = ({ id, edit }: (typeof edits)[number]): boolean => {
    const current = existing.contents.get(id);
    const next = current && edit(current);
    return next !== undefined && !hasSameValue(current!, next, false);
  };
  if (edits.some(isChanged) || existing.references.some((reference) => !references.includes(reference))) return 'amended';
  return references.some((reference) => !existing.references.includes(reference)) ? 'appended' : undefined;
}
