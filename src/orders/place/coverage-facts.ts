// What a Coverage says of a policy, in the lab network's terms: the payor, the numbers of the member and the group, and the patient's relationship to the policy.
// https://hl7.org/fhir/R4/coverage.html, https://docs.junction.com/lab/overview/insurance
import type { CodeableConcept, Coverage, Reference as TypedReference } from '@medplum/fhirtypes';
import { isInPeriod } from '../../fhir/current-elements.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { isAboutPatient, type Reference, readReferenced } from './references.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

/** The patient's relationship to the person who has the policy. */
export type PolicyRelationship = 'Self' | 'Spouse' | 'Other';

export interface CoverageSource {
  coverage: Coverage;
  /** The resource whose contained resources the Coverage may refer to. */
  container: Resource;
  /** The reference from the request to the Coverage, and its path. */
  reference: Reference;
  path: string;
  patientId: string;
}

/** A Coverage in use now. */
export function checkStatus({ coverage, path }: CoverageSource, now: string): ValidationResult<undefined> {
  if (coverage.status !== 'active')
    return invalid('the insurance of an order must be in use: its status is active', path, 'Coverage.status');
  return isInPeriod(coverage, now)
    ? { value: undefined }
    : invalid('the insurance of an order must be in its period today', path, 'Coverage.period');
}

/** `system`: of the lab network's payor codes, on the Organization. */
export async function readPayorCode(context: Context, source: CoverageSource, system: string): Promise<ValidationResult<string>> {
  const { coverage, container, path } = source;
  const missing = invalid(
    `the insurance of an order needs one payor: an Organization with the lab network's payor code (identifier ${system})`,
    path,
    'Coverage.payor',
    'Organization.identifier',
  );
  const [payor, ...more] = coverage.payor ?? [];
  if (!payor || more.length) return missing;
  const referenced = await readReferenced(context, container, { path, reference: toReference(payor), what: 'the payor of the insurance' });
  if (!('value' in referenced)) return referenced;
  if (referenced.value.resourceType !== 'Organization') return missing;
  const codes = (toTyped('Organization', referenced.value).identifier ?? []).flatMap((identifier) =>
    identifier.system === system && identifier.value ? identifier.value : [],
  );
  return new Set(codes).size === 1 ? { value: codes[0]! } : missing;
}

export const toReference = ({ reference }: TypedReference): Reference => (reference === undefined ? {} : { reference });

const IDENTIFIER_TYPES = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** The number of the member, which is the patient, otherwise that of the subscriber. http://hl7.org/fhir/us/core/StructureDefinition/us-core-coverage */
export function readMemberId({ coverage: { identifier = [], subscriberId }, path }: CoverageSource): ValidationResult<string> {
  const numbers = identifier.flatMap(({ type, value }) => (hasCode(type, IDENTIFIER_TYPES, 'MB') && value?.trim() ? value.trim() : []));
  if (new Set(numbers).size > 1)
    return invalid(
      'the insurance of an order can have only one number of the member (identifier of the type MB)',
      path,
      'Coverage.identifier',
    );
  const member = numbers[0] ?? subscriberId?.trim();
  return member
    ? { value: member }
    : invalid(
        "the insurance of an order needs the member's number (an identifier of the type MB, or subscriberId)",
        path,
        'Coverage.subscriberId',
      );
}

const CLASSES = 'http://terminology.hl7.org/CodeSystem/coverage-class';

export function readGroupId({ coverage, path }: CoverageSource): ValidationResult<string | undefined> {
  const groups = (coverage.class ?? []).flatMap(({ type, value }) =>
    hasCode(type, CLASSES, 'group') && value?.trim() ? value.trim() : [],
  );
  return new Set(groups).size > 1
    ? invalid('the insurance of an order can have only one group', path, 'Coverage.class')
    : { value: groups[0] };
}

const hasCode = ({ coding = [] }: CodeableConcept = {}, system: string, code: string): boolean =>
  coding.some((coding) => coding.system === system && coding.code === code);

const RELATIONSHIPS = 'http://terminology.hl7.org/CodeSystem/subscriber-relationship';
/** Code → the lab network's relationship. `injured` is of no health insurance. https://terminology.hl7.org/CodeSystem-subscriber-relationship.html */
const NETWORK_RELATIONSHIPS: Record<string, PolicyRelationship> = {
  self: 'Self',
  spouse: 'Spouse',
  common: 'Spouse',
  child: 'Other',
  parent: 'Other',
  other: 'Other',
};

/** A patient who is the subscriber needs no relationship. */
export function readRelationship(context: Context, source: CoverageSource): ValidationResult<PolicyRelationship> {
  const { coverage, path } = source;
  const isSubscriber = coverage.subscriber && isPatient(context, source, coverage.subscriber);
  const codes = (coverage.relationship?.coding ?? []).flatMap(({ system, code }) => (system === RELATIONSHIPS && code ? code : []));
  const stated = new Set(codes.flatMap((code) => NETWORK_RELATIONSHIPS[code] ?? []));
  if (stated.size > 1)
    return invalid("the codings of the patient's relationship to the subscriber contradict each other", path, 'Coverage.relationship');
  const relationship = [...stated][0] ?? (isSubscriber && !coverage.relationship ? 'Self' : undefined);
  if (relationship === undefined)
    return invalid(
      `the insurance of an order needs the patient's relationship to the subscriber: ${Object.keys(NETWORK_RELATIONSHIPS).join(', ')} (${RELATIONSHIPS})`,
      path,
      'Coverage.relationship',
    );
  if (coverage.subscriber && (relationship === 'Self') !== isSubscriber)
    return invalid(
      'the relationship of the insurance contradicts its subscriber: it is self if the patient is the subscriber, and only then',
      path,
      'Coverage.relationship',
      'Coverage.subscriber',
    );
  return { value: relationship };
}

/** Whether a reference of a Coverage leads to the patient of the order. */
const isPatient = (context: Context, { patientId, reference }: CoverageSource, person: TypedReference): boolean =>
  isAboutPatient(context, person, { patientId, reference });
