// The insurance that an order is billed to: the Coverage of its request. https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.insurance,
// docs/decisions/0044-insurance.md
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { ContactPerson } from './contact-person.ts';
import {
  type CoverageSource,
  checkStatus,
  type PolicyRelationship,
  readGroupId,
  readMemberId,
  readPayorCode,
  readRelationship,
} from './coverage-facts.ts';
import type { OrderPatient } from './order-patient.ts';
import { readGuarantor, readInsured } from './policy-persons.ts';
import { listReferences, type Reference, readAboutPatient } from './references.ts';
import { combineParts, invalid, listIssues, type ValidationResult } from './validation-result.ts';

export interface OrderInsurance {
  payorCode: string;
  memberId: string;
  groupId: string | undefined;
  relationship: PolicyRelationship;
  /** The subscriber; undefined: the patient. */
  insured: OrderPatient | undefined;
  /** Undefined: the policy is the patient's own. */
  guarantor: ContactPerson | undefined;
}

interface InsuranceContext {
  patientId: string;
  /** Identifier of a payor at the lab network. */
  system: string;
}

const SEVERAL_TEXT = 'an order is billed to one insurance: name one Coverage';
const NO_DIAGNOSIS_TEXT =
  'an order that is billed to an insurance needs a diagnosis: an ICD-10-CM code in reasonCode, or a Condition with such a code in reasonReference';

/** Undefined: the organisation that places the order is billed. `icdCodes`: the diagnoses of the order. */
export async function readInsurance(
  context: Context,
  request: Resource,
  { icdCodes, ...rest }: InsuranceContext & { icdCodes: ValidationResult<string[]> },
): Promise<ValidationResult<OrderInsurance | undefined>> {
  const [first, ...more] = listReferences(request, 'insurance');
  if (!first) return { value: undefined };
  if (more.length) return invalid(SEVERAL_TEXT, 'ServiceRequest.insurance');
  const insurance = await readCoverage(context, request, { path: first[0], reference: first[1], ...rest });
  if (!('value' in icdCodes) || icdCodes.value.length) return insurance;
  return { issues: [...listIssues(insurance), ...invalid(NO_DIAGNOSIS_TEXT, 'ServiceRequest.reasonCode').issues] };
}

async function readCoverage(
  context: Context,
  request: Resource,
  { path, reference, patientId, system }: InsuranceContext & { path: string; reference: Reference },
): Promise<ValidationResult<OrderInsurance>> {
  const referenced = await readAboutPatient(context, request, {
    path,
    reference,
    what: 'the insurance of an order',
    patientId,
    types: { Coverage: 'beneficiary' },
    typeText: 'the insurance of an order must be a Coverage',
  });
  if (!('value' in referenced)) return referenced;
  const found = referenced.value;
  const container = reference.reference?.startsWith('#') ? request : found;
  const source: CoverageSource = { coverage: toTyped('Coverage', found), container, reference, path, patientId };
  const { status, ...parts } = await readParts(context, source, system);
  return combineParts(parts, listIssues(status));
}

async function readParts(context: Context, source: CoverageSource, system: string) {
  const relationship = readRelationship(context, source);
  const isOwn = !('value' in relationship) || relationship.value === 'Self';
  return {
    status: checkStatus(source, context.clock().toISOString()),
    payorCode: await readPayorCode(context, source, system),
    memberId: readMemberId(source),
    groupId: readGroupId(source),
    relationship,
    insured: isOwn ? { value: undefined } : await readInsured(context, source),
    guarantor: isOwn ? { value: undefined } : await readGuarantor(context, source),
  };
}
