// The persons of a policy that is not the patient's own: the subscriber, whom the lab network calls the insured, and the guarantor, who pays what the insurance does
// not. That the insured is the subscriber is inferred: the lab network says "the person covered by the insurance plan". https://hl7.org/fhir/R4/coverage.html
import type { Reference as TypedReference } from '@medplum/fhirtypes';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { type ContactPerson, readContactPerson } from './contact-person.ts';
import { type CoverageSource, toReference } from './coverage-facts.ts';
import { buildOrderPatient, type OrderPatient } from './order-patient.ts';
import { findReferencedType, readReferenced } from './references.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

const PERSON_TYPES = new Set<string | undefined>(['RelatedPerson', 'Patient']);
const SUBSCRIBER_TEXT =
  "an insurance that is not the patient's own needs its subscriber: a RelatedPerson (or a Patient) with name, date of birth, address, telephone number and e-mail address";

export async function readInsured(context: Context, source: CoverageSource): Promise<ValidationResult<OrderPatient>> {
  const { subscriber } = source.coverage;
  if (!subscriber) return invalid(SUBSCRIBER_TEXT, source.path, 'Coverage.subscriber');
  const person = await readPerson(context, source, { reference: subscriber, what: 'the subscriber of the insurance' });
  if (!('value' in person)) return person;
  const role = { who: 'the subscriber', type: person.value.resourceType, reference: source.path };
  const built = buildOrderPatient([{ person: person.value, at: undefined }], context.clock(), role);
  return 'patient' in built ? { value: built.patient } : built;
}

/** The policy holder if it is a person, otherwise the subscriber. */
export async function readGuarantor(context: Context, source: CoverageSource): Promise<ValidationResult<ContactPerson | undefined>> {
  const { subscriber, policyHolder } = source.coverage;
  const isHeldByPerson = policyHolder && PERSON_TYPES.has(findReferencedType(source.container, toReference(policyHolder)));
  const guarantor = isHeldByPerson ? policyHolder : subscriber;
  // the insurance without a subscriber is refused
  if (!guarantor) return { value: undefined };
  const person = await readPerson(context, source, {
    reference: guarantor,
    what: isHeldByPerson ? 'the policy holder of the insurance' : 'the subscriber of the insurance',
  });
  if (!('value' in person)) return person;
  const role = { who: 'the guarantor', type: person.value.resourceType, reference: source.path };
  return readContactPerson(person.value, role, context.clock().toISOString());
}

async function readPerson(
  context: Context,
  source: CoverageSource,
  { reference, what }: { reference: TypedReference; what: string },
): Promise<ValidationResult<Resource>> {
  const { container, path } = source;
  const person = await readReferenced(context, container, {
    path,
    reference: toReference(reference),
    what,
  });
  if (!('value' in person) || PERSON_TYPES.has(person.value.resourceType)) return person;
  return invalid(SUBSCRIBER_TEXT, path, 'Coverage.subscriber');
}
