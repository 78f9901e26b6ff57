// What an order says, gathered from the ServiceRequest, its patient and its requester; what is missing is refused, naming the element.
// https://hl7.org/fhir/R4/servicerequest.html
import { rule, ruleAll } from '../../fhir/outcome.ts';
import { referenceTarget } from '../../fhir/reference-target.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';
import type { Context } from '../../resource/context.ts';
import { activationDay } from './activation.ts';
import type { OrderContent } from './junction-order.ts';
import { orderPatient, type Source } from './order-patient.ts';
import { signerOf } from './signer.ts';

/** The id of the contained Patient that says who the patient was when the order was made. */
const SNAPSHOT = 'order-time-patient';
const ICD_10_CM = 'http://hl7.org/fhir/sid/icd-10-cm';
const URGENT = new Set(['stat', 'asap']);

interface Reference {
  reference?: string;
}

/** What an order is made with: its tests, the key that becomes its passthrough, and our code system for kinds of qualification. */
export interface Ordering {
  tests: string[];
  key: string;
  qualifications: string;
}

/** The content and whose order it is, or a refusal (422) that names all that is missing. */
export async function orderContent(
  context: Context,
  request: Resource,
  { tests, key, qualifications }: Ordering,
): Promise<{ patientId: string; content: OrderContent }> {
  const [type, patientId] = targetOf(context, request.subject);
  if (type !== 'Patient' || !patientId) throw rule('an order needs a Patient of this server as its subject', 'ServiceRequest.subject');
  const stored = await current(context, 'Patient', patientId);
  const now = context.clock();
  const found = orderPatient([...snapshotOf(request), ...(stored ? [{ patient: stored, at: undefined }] : [])], now);
  const patient = 'patient' in found ? found.patient : undefined;
  const signer = await signerOf(context, request, { state: patient?.state, qualifications });
  const issues = [found, signer].flatMap((part) => ('issues' in part ? part.issues : []));
  if (!patient || 'issues' in signer) throw ruleAll(issues);
  const content = {
    patient,
    physician: signer.physician,
    tests,
    urgent: URGENT.has(request.priority as string),
    icdCodes: icdCodesOf(request.reasonCode),
    activateBy: activationDay(request, patient.state, now),
    passthrough: key,
  };
  return { patientId, content };
}

function targetOf(context: Context, reference: unknown): string[] {
  const text = (reference as Reference | undefined)?.reference;
  return (text === undefined ? undefined : referenceTarget(text, context.baseUrl))?.split('/') ?? [];
}

async function current(context: Context, type: ServedType, id: string): Promise<Resource | undefined> {
  const row = await context.store.read(context.caller.tenant, type, id);
  return row?.body ? (JSON.parse(row.body) as Resource) : undefined;
}

function snapshotOf({ contained }: Resource): Source[] {
  const inner = (contained as Resource[] | undefined) ?? [];
  const at = inner.findIndex(({ resourceType, id }) => resourceType === 'Patient' && id === SNAPSHOT);
  return at < 0 ? [] : [{ patient: inner[at]!, at: `ServiceRequest.contained[${at}]` }];
}

function icdCodesOf(reasons: unknown): string[] {
  const codings = ((reasons as { coding?: { system?: string; code?: string }[] }[] | undefined) ?? []).flatMap(
    ({ coding }) => coding ?? [],
  );
  return [...new Set(codings.filter(({ system, code }) => system === ICD_10_CM && code).map(({ code }) => code!.toUpperCase()))];
}
