// What an order says, gathered from the ServiceRequest, its patient and its requester; what is missing is refused, naming the element.
// https://hl7.org/fhir/R4/servicerequest.html
import { rule, ruleAll } from '../fhir/outcome.ts';
import { referenceTarget } from '../fhir/reference-target.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Context } from '../resource/context.ts';
import { asciiName } from './ascii-name.ts';
import type { OrderContent, OrderPhysician } from './junction-order.ts';
import { orderPatient, type Source } from './order-patient.ts';
import { named } from './patient-parts.ts';

/** The id of the contained Patient that says who the patient was when the order was made. */
const SNAPSHOT = 'order-time-patient';
const NPI = 'http://hl7.org/fhir/sid/us-npi';
const ICD_10_CM = 'http://hl7.org/fhir/sid/icd-10-cm';
const URGENT = new Set(['stat', 'asap']);

interface Reference {
  reference?: string;
}

/** The content and whose order it is, or a refusal (422) that names all that is missing. `key` becomes the order's passthrough. */
export async function orderContent(
  context: Context,
  request: Resource,
  { tests, key }: { tests: string[]; key: string },
): Promise<{ patientId: string; content: OrderContent }> {
  const [type, patientId] = targetOf(context, request.subject);
  if (type !== 'Patient' || !patientId) throw rule('an order needs a Patient of this server as its subject', 'ServiceRequest.subject');
  const stored = await current(context, 'Patient', patientId);
  const found = orderPatient([...snapshotOf(request), ...(stored ? [{ patient: stored, at: undefined }] : [])]);
  if ('issues' in found) throw ruleAll(found.issues);
  const content = {
    patient: found.patient,
    physician: await physicianOf(context, request.requester),
    tests,
    urgent: URGENT.has(request.priority as string),
    icdCodes: icdCodesOf(request.reasonCode),
    activateBy: laterDay(request.occurrenceDateTime, context.clock()),
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

/** The requester, when it is a practitioner (or one's role) with an NPI and a name. Others cannot sign, and need not. */
async function physicianOf(context: Context, requester: unknown): Promise<OrderPhysician | undefined> {
  const [type, id] = targetOf(context, requester);
  const role = type === 'PractitionerRole' && id ? await current(context, type, id) : undefined;
  const [person, idOfPractitioner] = role ? targetOf(context, role.practitioner) : [type, id];
  const practitioner = person === 'Practitioner' && idOfPractitioner ? await current(context, person, idOfPractitioner) : undefined;
  return practitioner && signing(practitioner);
}

/** First name, last name and NPI of a Practitioner that has all three. */
export function signing(practitioner: Resource): OrderPhysician | undefined {
  const npi = npiOf(practitioner);
  const [firstName, lastName] = (['given[0]', 'family'] as const).map((part) => asciiName(named(practitioner, part)[0]?.[1] ?? ''));
  return npi && firstName && lastName ? { firstName, lastName, npi } : undefined;
}

/** The US national provider identifier. */
export const npiOf = ({ identifier }: Resource): string | undefined =>
  ((identifier as { system?: string; value?: string }[] | undefined) ?? []).find(({ system }) => system === NPI)?.value;

function icdCodesOf(reasons: unknown): string[] {
  const codings = ((reasons as { coding?: { system?: string; code?: string }[] }[] | undefined) ?? []).flatMap(
    ({ coding }) => coding ?? [],
  );
  return [...new Set(codings.filter(({ system, code }) => system === ICD_10_CM && code).map(({ code }) => code!.toUpperCase()))];
}

/** The day, when it is a whole one later than today: an order for next month is not drawn now. */
function laterDay(occurrence: unknown, now: Date): string | undefined {
  const day = typeof occurrence === 'string' ? /^\d{4}-\d\d-\d\d/.exec(occurrence)?.[0] : undefined;
  return day !== undefined && day > now.toISOString().slice(0, 10) ? day : undefined;
}
