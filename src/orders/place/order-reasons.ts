// Reads the reasons of an order as ICD-10-CM codes, which are used for billing: from `reasonCode`, and from the Conditions of `reasonReference`.
// https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.reasonReference

import { toList } from '../../fhir/json-values.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { findReferencedType, isAboutPatient, listReferences, type Reference, readReferenced } from './references.ts';
import { listCodings } from './test-codes.ts';
import { combineResults, invalid, type ValidationResult } from './validation-result.ts';

const ICD_10_CM = 'http://hl7.org/fhir/sid/icd-10-cm';
/** Resource types of reasons without a diagnosis code. */
const NON_DIAGNOSIS_TYPES = new Set(['Observation', 'DiagnosticReport', 'DocumentReference']);
const EXCLUDED_VERIFICATIONS = new Set(['refuted', 'entered-in-error']);

/** In upper case, without duplicates. */
export async function readIcdCodes(context: Context, request: Resource, patientId: string): Promise<ValidationResult<string[]>> {
  const conditions = await Promise.all(
    listConditionReferences(request).map(([path, reference]) => readConditionIcdCodes(context, { request, path, reference, patientId })),
  );
  const said = combineResults([{ value: listReasonIcdCodes(request) }, ...conditions]);
  return 'value' in said ? { value: [...new Set(said.value)] } : said;
}

/** The references that lead, or may lead, to a Condition. */
export const listConditionReferences = (request: Resource): ReturnType<typeof listReferences> =>
  listReferences(request, 'reasonReference').filter(
    ([, reference]) => !NON_DIAGNOSIS_TYPES.has(findReferencedType(request, reference) ?? ''),
  );

/** The codes of `reasonCode`. */
export const listReasonIcdCodes = ({ reasonCode }: Resource): string[] => toList(reasonCode).flatMap(listIcdCodes);

interface ReasonReference {
  request: Resource;
  path: string;
  reference: Reference;
  patientId: string;
}

async function readConditionIcdCodes(
  context: Context,
  { request, path, reference, patientId }: ReasonReference,
): Promise<ValidationResult<string[]>> {
  const told = await readReferenced(context, request, { path, reference, what: 'the reason of an order' });
  if (!('value' in told)) return told;
  const found = told.value;
  if (found.resourceType !== 'Condition') return invalid('the reason of an order must refer to a Condition', path);
  if (!isAboutPatient(context, found.subject, { patientId, reference }))
    return invalid('the reason of an order must be a Condition of its patient', path, 'Condition.subject');
  const { coding = [] } = toTyped('Condition', found).verificationStatus ?? {};
  if (coding.some(({ code }) => EXCLUDED_VERIFICATIONS.has(code ?? '')))
    return invalid(
      'the reason of an order cannot be a Condition that is refuted or entered in error',
      path,
      'Condition.verificationStatus',
    );
  return { value: listIcdCodes(found.code) };
}

const listIcdCodes = (concept: unknown): string[] =>
  listCodings(concept).flatMap(({ system, code }) => (system === ICD_10_CM && code ? code.toUpperCase() : []));
