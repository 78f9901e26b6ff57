// What `$everything` of a patient asks for: the patient's own record by its compartment, the days of care, and what the record refers to.
// https://hl7.org/fhir/R4/operation-patient-everything.html

import { SERVED_TYPES, type ServedType } from '../types.ts';
import { buildCompartmentCondition, buildMembershipCondition, type Compartment, listCompartmentTypes } from './compartment.ts';
import { parseCondition, type SearchContext } from './condition.ts';
import { MATCH_ALL } from './condition-sentences.ts';
import { parseInclude } from './include.ts';
import type { Condition, Inclusion } from './query.ts';

/** Limits of care as FHIR dates, of storing as an instant; each may be absent. */
export interface CareSpan {
  start?: string;
  end?: string;
  since?: string;
}

/** Belonging to the patient, beside the compartment: R4 has no Task in it, but the order of a test is followed by one. */
const ADDITIONAL_REFERENCES: Partial<Record<ServedType, string[]>> = { Task: ['patient'] };

/** Type → the date parameters that say when care was given: the first that a resource has counts. Types without one are always in the record. */
const CARE_DATES: Partial<Record<ServedType, string[]>> = {
  CareTeam: ['date'],
  Condition: ['onset-date', 'recorded-date'],
  Consent: ['date'],
  DiagnosticReport: ['date', 'issued'],
  Encounter: ['date'],
  List: ['date'],
  Observation: ['date'],
  QuestionnaireResponse: ['authored'],
  Schedule: ['date'],
  ServiceRequest: ['occurrence', 'authored'],
  Specimen: ['collected'],
  Task: ['period', 'authored-on'],
};

/** The types of a patient's own record. */
export const RECORD_TYPES: readonly ServedType[] = SERVED_TYPES.filter(
  (type) => listCompartmentTypes('Patient').includes(type) || ADDITIONAL_REFERENCES[type],
);

/** True of the resources of a type that are in a patient's record and in the span. */
export function buildRecordConditions(patient: string, span: CareSpan, context: SearchContext): (type: ServedType) => Condition {
  const whose: Compartment = { type: 'Patient', id: patient };
  const { registry } = context;
  return (type) => {
    const belongs = ADDITIONAL_REFERENCES[type]
      ? buildMembershipCondition(whose, type, { codes: ADDITIONAL_REFERENCES[type], registry })
      : buildCompartmentCondition(whose, type, registry);
    const stored = span.since === undefined ? [] : [parseCondition(context, type, '_lastUpdated', `ge${span.since}`)];
    return { on: 'and', all: [belongs ?? { on: 'nothing' }, ...stored, buildCareSpanCondition(type, span, context)] };
  };
}

/** A resource that says no date of care may be of any day: it stays. */
function buildCareSpanCondition(type: ServedType, { start, end }: CareSpan, context: SearchContext): Condition {
  const limits = [...(start === undefined ? [] : [`ge${start}`]), ...(end === undefined ? [] : [`le${end}`])];
  const codes = CARE_DATES[type];
  if (!limits.length || !codes) return MATCH_ALL;
  const ask = (code: string, value: string): Condition => parseCondition(context, type, code, value);
  const inside = codes.map((code, at): Condition => {
    const earlier = codes.slice(0, at).map((one) => ask(`${one}:missing`, 'true'));
    return { on: 'and', all: [...earlier, ...limits.map((limit) => ask(code, limit))] };
  });
  const undated: Condition = { on: 'and', all: codes.map((code) => ask(`${code}:missing`, 'true')) };
  return { on: 'or', any: [...inside, undated], few: true };
}

/**
 * What the record refers to comes with it, but for types that records are made of: what of those belongs to this patient is in the record itself, and
 * what does not is somebody else's.
 */
export function buildRecordInclusions({ registry }: SearchContext, types: readonly ServedType[]): Inclusion[] {
  const others = (type: ServedType): boolean => !RECORD_TYPES.includes(type);
  return parseInclude('*', { types, registry, iterate: false }).flatMap((inclusion) => {
    const led = inclusion.types.filter(others);
    return led.length ? [{ ...inclusion, types: led }] : [];
  });
}
