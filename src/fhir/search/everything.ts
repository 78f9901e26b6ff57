// The search behind a patient's `$everything`: the record of the patient by compartment, limited to dates of care, and the resources the record refers to.
// https://hl7.org/fhir/R4/operation-patient-everything.html

import { readFileSync } from 'node:fs';
import { SERVED_TYPES, type ServedType } from '../types.ts';
import {
  buildCompartmentCondition,
  buildMembershipCondition,
  type Compartment,
  listCompartmentParameters,
  listCompartmentTypes,
} from './compartment.ts';
import { parseCondition, type SearchContext } from './condition.ts';
import { parseInclude } from './include.ts';
import { type Condition, type Inclusion, MATCH_ALL } from './query.ts';

/** Limits of the dates of care (FHIR dates), and of the time of storing (an instant). */
export interface CareSpan {
  start?: string;
  end?: string;
  since?: string;
}

/** References by which resources belong to the record in addition to the compartment. R4 has no Task in it, but a Task tracks each order. */
const ADDITIONAL_REFERENCES: Partial<Record<ServedType, string[]>> = { Task: ['patient'] };

/** Type → the parameters for the date of care. The first that a resource has counts. Resources of other types are in the record for any dates. */
const CARE_DATES: Partial<Record<ServedType, string[]>> = JSON.parse(
  readFileSync(new URL('../generated/care-dates.json', import.meta.url), 'utf8'),
);

/** The types of a patient's record. */
export const RECORD_TYPES: readonly ServedType[] = SERVED_TYPES.filter(
  (type) => listCompartmentTypes('Patient').includes(type) || ADDITIONAL_REFERENCES[type],
);

/** Type → the parameters by which its resources are in a patient's record. */
export const RECORD_PARAMETERS: Partial<Record<ServedType, readonly string[]>> = Object.fromEntries(
  RECORD_TYPES.map((type) => [type, ADDITIONAL_REFERENCES[type] ?? listCompartmentParameters('Patient', type)]),
);

/** Type → the condition for its resources to be in a patient's record and within the limits. */
export function buildRecordConditions(patient: string, span: CareSpan, context: SearchContext): (type: ServedType) => Condition {
  const compartment: Compartment = { type: 'Patient', id: patient };
  const { registry } = context;
  return (type) => {
    const membership = ADDITIONAL_REFERENCES[type]
      ? buildMembershipCondition(compartment, type, { codes: ADDITIONAL_REFERENCES[type], registry })
      : buildCompartmentCondition(compartment, type, registry);
    const stored = span.since === undefined ? [] : [parseCondition(context, type, '_lastUpdated', `ge${span.since}`)];
    return { on: 'and', all: [membership ?? { on: 'nothing' }, ...stored, buildCareSpanCondition(type, span, context)] };
  };
}

/** A resource without a date of care is included, because its date is unknown. */
function buildCareSpanCondition(type: ServedType, { start, end }: CareSpan, context: SearchContext): Condition {
  const limits = [...(start === undefined ? [] : [`ge${start}`]), ...(end === undefined ? [] : [`le${end}`])];
  const codes = CARE_DATES[type];
  if (!limits.length || !codes) return MATCH_ALL;
  const parse = (code: string, value: string): Condition => parseCondition(context, type, code, value);
  const inside = codes.map((code, at): Condition => {
    const earlier = codes.slice(0, at).map((earlierCode) => parse(`${earlierCode}:missing`, 'true'));
    return { on: 'and', all: [...earlier, ...limits.map((limit) => parse(code, limit))] };
  });
  const undated: Condition = { on: 'and', all: codes.map((code) => parse(`${code}:missing`, 'true')) };
  return { on: 'or', any: [...inside, undated], few: true };
}

/**
 * Includes the resources that the record refers to, but not resources of record types: those of this patient are in the record already, and the others
 * belong to other patients.
 */
export function buildRecordInclusions({ registry }: SearchContext, types: readonly ServedType[]): Inclusion[] {
  const others = (type: ServedType): boolean => !RECORD_TYPES.includes(type);
  return parseInclude('*', { types, registry, iterate: false }).flatMap((inclusion) => {
    const otherTypes = inclusion.types.filter(others);
    return otherTypes.length ? [{ ...inclusion, types: otherTypes }] : [];
  });
}
