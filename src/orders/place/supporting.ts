// What a request has to support it: answers to the laboratory's questions and the patient's consents are sent. Whatever else stands there "may influence the
// services or their interpretations" and cannot be told, so it is refused. https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.supportingInfo
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { type AoeAnswer, aoeAnswers } from './aoe-answers.ts';
import { type GivenConsent, givenConsents } from './consents.ts';
import { isAbout, type Reference, referencesIn, referred, SNAPSHOT } from './linked.ts';
import { type Said, together, wrong } from './validation-result.ts';

export type Support = { answer: AoeAnswer } | { consent: GivenConsent };

interface Supporting {
  patientId: string;
  /** The code system of the network's words for consents. */
  consents: string;
}

/** Its references but the one to who the patient was. */
export const supportIn = (request: Resource): ReturnType<typeof referencesIn> =>
  referencesIn(request, 'supportingInfo').filter(([, { reference }]) => reference !== `#${SNAPSHOT}`);

/** In the order of the request. */
export async function supports(context: Context, request: Resource, given: Supporting): Promise<Said<Support[]>> {
  const said = together(
    await Promise.all(supportIn(request).map(([path, reference]) => supportOf(context, { request, path, reference, ...given }))),
  );
  return 'says' in said && isAnsweredTwice(said.says)
    ? wrong('a question of an order is answered once', 'ServiceRequest.supportingInfo')
    : said;
}

async function supportOf(
  context: Context,
  { request, path, reference, patientId, consents }: Supporting & { request: Resource; path: string; reference: Reference },
): Promise<Said<Support[]>> {
  const told = await referred(context, request, { path, reference, what: 'what supports an order' });
  if (!('says' in told)) return told;
  const found = told.says;
  const whom = found.resourceType === 'Consent' ? 'patient' : 'subject';
  if (!isAbout(context, found[whom], { patientId, reference }))
    return wrong('what supports an order must be about its patient', path, `${found.resourceType}.${whom}`);
  if (found.resourceType === 'QuestionnaireResponse') return each(aoeAnswers(found, path), (answer) => ({ answer }));
  if (found.resourceType === 'Consent')
    return each(givenConsents(found, { at: path, system: consents, now: context.clock() }), (consent) => ({ consent }));
  return wrong('the laboratory network takes a QuestionnaireResponse or a Consent here: leave all else out, and say it in a note', path);
}

const each = <T>(said: Said<T[]>, make: (one: T) => Support): Said<Support[]> => ('says' in said ? { says: said.says.map(make) } : said);

function isAnsweredTwice(all: Support[]): boolean {
  const questions = all.flatMap((one) => ('answer' in one ? `${one.answer.markerId}.${one.answer.questionId}` : []));
  return new Set(questions).size < questions.length;
}
