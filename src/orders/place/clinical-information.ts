// Reads the clinical information of an order: its reasons, its notes and its supporting information.

import { isObject, toList } from '../../fhir/json-values.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { type AoeAnswer, ONE_ANSWER_TEXT, parseAoeAnswers } from './aoe-answers.ts';
import { listCodings } from './codings.ts';
import { type OrderConsent, parseConsents } from './consents.ts';
import { findReferencedType, listReferences, PATIENT_SNAPSHOT_ID, type Reference, readAboutPatient } from './references.ts';
import { combineResults, invalid, type ValidationResult } from './validation-result.ts';

const ICD_10_CM = 'http://hl7.org/fhir/sid/icd-10-cm';
/** Resource types of reasons without a diagnosis code. */
const NON_DIAGNOSIS_TYPES = new Set(['Observation', 'DiagnosticReport', 'DocumentReference']);
const EXCLUDED_VERIFICATIONS = new Set(['refuted', 'entered-in-error']);

/**
 * The reasons as ICD-10-CM codes, which are used for billing: from `reasonCode`, and from the Conditions of `reasonReference`. In upper case, without duplicates.
 * https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.reasonReference
 */
export async function readIcdCodes(context: Context, request: Resource, patientId: string): Promise<ValidationResult<string[]>> {
  const conditions = await Promise.all(
    listConditionReferences(request).map(([path, reference]) => readConditionIcdCodes(context, { request, path, reference, patientId })),
  );
  const result = combineResults([{ value: listReasonIcdCodes(request) }, ...conditions]);
  return 'value' in result ? { value: [...new Set(result.value)] } : result;
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
  const referenced = await readAboutPatient(context, request, {
    path,
    reference,
    what: 'the reason of an order',
    patientId,
    types: { Condition: 'subject' },
    typeText: 'the reason of an order must refer to a Condition',
  });
  if (!('value' in referenced)) return referenced;
  const found = referenced.value;
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

/**
 * The notes, which are printed on the laboratory's requisition, separated by line breaks; undefined: no notes. Junction documents two limits, 1,000 and 120
 * characters (docs/decisions/0023-order-acceptance.md, https://docs.junction.com/lab/workflow/clinical-comments). Too long notes are refused and not shortened: any
 * word may matter.
 */
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
    .flatMap((note) => (isObject(note) && typeof note.text === 'string' ? note.text : []))
    .join('\n');

export type OrderSupport = { answer: AoeAnswer } | { consent: OrderConsent };

interface SupportingInfoContext {
  patientId: string;
  /** The code system of the lab network's types of consent. */
  consents: string;
}

/** All references except the one to the contained Patient. */
export const listSupportingInfo = (request: Resource): ReturnType<typeof listReferences> =>
  listReferences(request, 'supportingInfo').filter(([, { reference }]) => reference !== `#${PATIENT_SNAPSHOT_ID}`);

/**
 * The answers to the laboratory's questions and the patient's consents, in the order of the references. Any other resource is refused: it cannot be sent, and
 * "may influence the services or their interpretations". https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.supportingInfo
 */
export async function readSupportingInfo(
  context: Context,
  request: Resource,
  supportContext: SupportingInfoContext,
): Promise<ValidationResult<OrderSupport[]>> {
  const result = combineResults(
    await Promise.all(
      listSupportingInfo(request).map(([path, reference]) => readSupport(context, { request, path, reference, ...supportContext })),
    ),
  );
  return 'value' in result && hasDuplicateAnswers(result.value) ? invalid(ONE_ANSWER_TEXT, 'ServiceRequest.supportingInfo') : result;
}

async function readSupport(
  context: Context,
  { request, path, reference, patientId, consents }: SupportingInfoContext & { request: Resource; path: string; reference: Reference },
): Promise<ValidationResult<OrderSupport[]>> {
  const referenced = await readAboutPatient(context, request, {
    path,
    reference,
    what: 'the supportingInfo of an order',
    patientId,
    types: { QuestionnaireResponse: 'subject', Consent: 'patient' },
    typeText:
      'the supportingInfo of an order can only be a QuestionnaireResponse or a Consent: leave other resources out, and write them in a note',
  });
  if (!('value' in referenced)) return referenced;
  const found = referenced.value;
  if (found.resourceType === 'QuestionnaireResponse') return mapResult(parseAoeAnswers(found, path), (answer) => ({ answer }));
  return mapResult(parseConsents(found, { at: path, system: consents, now: context.clock() }), (consent) => ({ consent }));
}

const mapResult = <T>(result: ValidationResult<T[]>, make: (value: T) => OrderSupport): ValidationResult<OrderSupport[]> =>
  'value' in result ? { value: result.value.map(make) } : result;

function hasDuplicateAnswers(all: OrderSupport[]): boolean {
  const questions = all.flatMap((support) => ('answer' in support ? `${support.answer.markerId}.${support.answer.questionId}` : []));
  return new Set(questions).size < questions.length;
}
