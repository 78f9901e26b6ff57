// Why a test is ordered, in the codes that are billed with: ICD-10-CM, from the request's own reasons and from the conditions that it names.
// https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.reasonReference
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { isAbout, type Reference, referencesIn, referred, typeBehind } from './linked.ts';
import { type Said, together, wrong } from './validation-result.ts';

const ICD_10_CM = 'http://hl7.org/fhir/sid/icd-10-cm';
/** Reasons that have no diagnosis of their own. */
const OTHERS = new Set(['Observation', 'DiagnosticReport', 'DocumentReference']);
const NOT_SO = new Set(['refuted', 'entered-in-error']);

interface Concept {
  coding?: { system?: string; code?: string }[];
}

/** In upper case, each once. */
export async function icdCodes(context: Context, request: Resource, patientId: string): Promise<Said<string[]>> {
  const conditions = await Promise.all(
    conditionsIn(request).map(([path, reference]) => codesBehind(context, { request, path, reference, patientId })),
  );
  const said = together([{ says: reasonCodes(request) }, ...conditions]);
  return 'says' in said ? { says: [...new Set(said.says)] } : said;
}

/** The reasons that are, or may be, conditions. */
export const conditionsIn = (request: Resource): ReturnType<typeof referencesIn> =>
  referencesIn(request, 'reasonReference').filter(([, reference]) => !OTHERS.has(typeBehind(request, reference) ?? ''));

/** Those of the request's own reasons. */
export const reasonCodes = ({ reasonCode }: Resource): string[] => ((reasonCode ?? []) as Concept[]).flatMap(icdIn);

interface Reason {
  request: Resource;
  path: string;
  reference: Reference;
  patientId: string;
}

async function codesBehind(context: Context, { request, path, reference, patientId }: Reason): Promise<Said<string[]>> {
  const told = await referred(context, request, { path, reference, what: 'the reason of an order' });
  if (!('says' in told)) return told;
  const found = told.says;
  if (found.resourceType !== 'Condition') return wrong('the reason of an order leads to no Condition', path);
  if (!isAbout(context, found.subject, { patientId, reference }))
    return wrong('the reason of an order must be a Condition of its patient', path, 'Condition.subject');
  const { coding = [] } = (found.verificationStatus ?? {}) as Concept;
  if (coding.some(({ code }) => NOT_SO.has(code ?? '')))
    return wrong('the reason of an order cannot be a Condition that the patient does not have', path, 'Condition.verificationStatus');
  return { says: icdIn(found.code as Concept | undefined) };
}

const icdIn = (concept: Concept | undefined): string[] =>
  (concept?.coding ?? []).flatMap(({ system, code }) => (system === ICD_10_CM && code ? code.toUpperCase() : []));
