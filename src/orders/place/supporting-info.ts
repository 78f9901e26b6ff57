// Reads `supportingInfo`: answers to the laboratory's questions, and the patient's consents, are sent. Any other resource is refused: it cannot be sent, and "may
// influence the services or their interpretations". https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.supportingInfo
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { type AoeAnswer, parseAoeAnswers } from './aoe-answers.ts';
import { type OrderConsent, parseConsents } from './consents.ts';
import { isAboutPatient, listReferences, PATIENT_SNAPSHOT_ID, type Reference, readReferenced } from './references.ts';
import { combineResults, invalid, type ValidationResult } from './validation-result.ts';

export type OrderSupport = { answer: AoeAnswer } | { consent: OrderConsent };

interface SupportingInfoContext {
  patientId: string;
  /** The code system of the lab network's types of consent. */
  consents: string;
}

/** All references except the one to the contained Patient. */
export const listSupportingInfo = (request: Resource): ReturnType<typeof listReferences> =>
  listReferences(request, 'supportingInfo').filter(([, { reference }]) => reference !== `#${PATIENT_SNAPSHOT_ID}`);

/** In the order of the references. */
export async function readSupportingInfo(
  context: Context,
  request: Resource,
  given: SupportingInfoContext,
): Promise<ValidationResult<OrderSupport[]>> {
  const said = combineResults(
    await Promise.all(listSupportingInfo(request).map(([path, reference]) => readSupport(context, { request, path, reference, ...given }))),
  );
  return 'value' in said && hasDuplicateAnswers(said.value)
    ? invalid('a question of an order can have only one answer', 'ServiceRequest.supportingInfo')
    : said;
}

async function readSupport(
  context: Context,
  { request, path, reference, patientId, consents }: SupportingInfoContext & { request: Resource; path: string; reference: Reference },
): Promise<ValidationResult<OrderSupport[]>> {
  const told = await readReferenced(context, request, { path, reference, what: 'the supportingInfo of an order' });
  if (!('value' in told)) return told;
  const found = told.value;
  const whom = found.resourceType === 'Consent' ? 'patient' : 'subject';
  if (!isAboutPatient(context, found[whom], { patientId, reference }))
    return invalid('the supportingInfo of an order must be about its patient', path, `${found.resourceType}.${whom}`);
  if (found.resourceType === 'QuestionnaireResponse') return mapResult(parseAoeAnswers(found, path), (answer) => ({ answer }));
  if (found.resourceType === 'Consent')
    return mapResult(parseConsents(found, { at: path, system: consents, now: context.clock() }), (consent) => ({ consent }));
  return invalid(
    'the supportingInfo of an order can only be a QuestionnaireResponse or a Consent: leave other resources out, and write them in a note',
    path,
  );
}

const mapResult = <T>(said: ValidationResult<T[]>, make: (one: T) => OrderSupport): ValidationResult<OrderSupport[]> =>
  'value' in said ? { value: said.value.map(make) } : said;

function hasDuplicateAnswers(all: OrderSupport[]): boolean {
  const questions = all.flatMap((one) => ('answer' in one ? `${one.answer.markerId}.${one.answer.questionId}` : []));
  return new Set(questions).size < questions.length;
}
