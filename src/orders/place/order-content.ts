// Builds the content of an order from the ServiceRequest and its references. A missing or unsupported element is refused by name.
// https://hl7.org/fhir/R4/servicerequest.html, docs/decisions/0023-order-acceptance.md

import { isObject } from '../../fhir/json-values.ts';
import { businessRule, type Issue } from '../../fhir/outcome.ts';
import { normalizeReference } from '../../fhir/reference.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { LabAccount } from '../accounts/lab-account.ts';
import type { Systems } from '../systems.ts';
import type { CatalogueSearch } from './catalogue-search.ts';
import { readClinicalNotes, readIcdCodes, readSupportingInfo } from './clinical-information.ts';
import { toDayInState } from './demographics.ts';
import { readInsurance } from './insurance.ts';
import type { OrderContent } from './junction-order.ts';
import { readMedicalProxy } from './medical-proxy.ts';
import { buildOrderPatient, isMinor } from './order-patient.ts';
import { findMethodPath, readCollectionMethod, readLabAccount } from './order-performer.ts';
import { type OrderedTests, readOrderedTests, type TestTable } from './ordered-tests.ts';
import type { PersonSource } from './person-facts.ts';
import { listContained, PATIENT_SNAPSHOT_ID } from './references.ts';
import { readSigner } from './signer.ts';
import { readSentMethod } from './test-kits.ts';
import { invalid, requireValid } from './validation-result.ts';

/** For a tenant that has no account at the lab network and may use no shared one. */
export const NO_ACCOUNT_TEXT =
  'there is no account at the lab network for this tenant, so the request is not ordered: the operator of this server creates one (facet accounts create)';

const URGENT_PRIORITIES = new Set<unknown>(['stat', 'asap']);

/** The configuration of the orders of a tenant. */
export interface OrderRules {
  table: TestTable;
  systems: Systems;
  /** The account at the lab network for new orders of the tenant; undefined: there is none. */
  account: OrderingAccount | undefined;
  /** For an active laboratory request that cannot be ordered. `store`: stored without a Task. `reject`: stored with a Task `rejected`. `refuse`: 422. */
  unorderable: 'store' | 'reject' | 'refuse';
}

type OrderingAccount = Pick<
  LabAccount,
  'id' | 'defaultLabAccount' | 'allowedLabAccounts' | 'defaultPhysicians' | 'physicians' | 'noteLimit'
>;

/** Returns the content, the patient's id and the account that the order is sent with, or fails with 422 and all issues. `code`: the tests of the request's code. */
export async function buildOrderContent(
  context: Context,
  request: Resource,
  { code, rules, catalogue }: { code: OrderedTests; rules: OrderRules; catalogue: CatalogueSearch },
): Promise<{ patientId: string; account: number; content: OrderContent }> {
  const { table, systems, account } = rules;
  if (!account) throw businessRule(NO_ACCOUNT_TEXT);
  const now = context.clock();
  const { patientId, sources, excluded } = await readSubject(context, request);
  const found = buildOrderPatient(sources, now);
  const patient = 'patient' in found ? found.patient : undefined;
  const method = readCollectionMethod(request, systems);
  const icdCodes = await readIcdCodes(context, request, patientId);
  const tests = await readOrderedTests(catalogue, request, { code, table, method, systems });
  const content = requireValid(
    {
      method: await readSentMethod(context, { method, tests, path: findMethodPath(request, systems) }, rules),
      tests,
      icdCodes,
      insurance: await readInsurance(context, request, { patientId, icdCodes, system: systems.payor }),
      notes: readClinicalNotes(request, account.noteLimit),
      support: await readSupportingInfo(context, request, { patientId, consents: systems.consents }),
      account: await readLabAccount(context, request, { system: systems.labAccount, ...account }),
      patient: 'patient' in found ? { value: found.patient } : found,
      proxy: patient && isMinor(patient, now) ? await readMedicalProxy(context, request, { patientId, sources }) : { value: undefined },
      physician: await readSigner(context, request, { ...account, ...systems, state: patient?.state }),
    },
    [...excluded, ...checkUnsupportedElements(request, now)],
  );
  const activateBy = findActivationDay(request, content.patient.state, now);
  return { patientId, account: account.id, content: { ...content, urgent: isUrgent(request), activateBy } };
}

export const isUrgent = ({ priority }: Resource): boolean => URGENT_PRIORITIES.has(priority);

/** The patient of the order: first the contained Patient of the request, then the stored one. */
async function readSubject(
  { store, caller, baseUrl }: Context,
  request: Resource,
): Promise<{ patientId: string; sources: PersonSource[]; excluded: Issue[] }> {
  const { reference = '' } = toTyped('ServiceRequest', request).subject ?? {};
  const [type, patientId] = normalizeReference(reference, baseUrl)?.split('/') ?? [];
  const row = type === 'Patient' && patientId ? await store.read(caller.tenant, 'Patient' satisfies ServedType, patientId) : undefined;
  if (!row?.body) throw businessRule('an order needs a Patient of this server as its subject', 'ServiceRequest.subject');
  const patient = toTyped('Patient', JSON.parse(row.body));
  const contained = listContained(request);
  const at = contained.findIndex(({ resourceType, id }) => resourceType === 'Patient' && id === PATIENT_SNAPSHOT_ID);
  return {
    patientId: row.id,
    sources: [...(at < 0 ? [] : [{ person: contained[at]!, at: `ServiceRequest.contained[${at}]` }]), { person: patient, at: undefined }],
    excluded: listPatientExclusions(patient),
  };
}

/**
 * The day on which the order becomes active (YYYY-MM-DD): the requested day, if it is later than today in the patient's state. Undefined: active at once.
 * A month or a year without a day is not sent. https://docs.junction.com/lab/workflow/scheduled-orders
 */
export function findActivationDay({ occurrenceDateTime, occurrencePeriod }: Resource, state: string, now: Date): string | undefined {
  const start = occurrenceDateTime ?? (isObject(occurrencePeriod) ? occurrencePeriod.start : undefined);
  const day = typeof start === 'string' && start.length >= 10 ? toLocalDay(start, state) : undefined;
  return day !== undefined && day > toDayInState(state, now) ? day : undefined;
}

/** An instant is converted to the day in the patient's state. A date, and a time that JavaScript cannot parse (a leap second), keep the written day. */
function toLocalDay(text: string, state: string): string {
  const instant = new Date(text);
  return text.length === 10 || Number.isNaN(instant.getTime()) ? text.slice(0, 10) : toDayInState(state, instant);
}

/** The reasons why the stored Patient cannot have an order. */
function listPatientExclusions({ active, deceasedBoolean, deceasedDateTime }: Resource): Issue[] {
  const reasons: Record<string, string | false> = {
    active: active === false && INACTIVE_PATIENT_TEXT,
    deceased: (deceasedBoolean === true || deceasedDateTime !== undefined) && DECEASED_PATIENT_TEXT,
  };
  const issues: Issue[] = [];
  for (const [element, text] of Object.entries(reasons))
    if (text !== false) issues.push(...invalid(text, 'ServiceRequest.subject', `Patient.${element}`).issues);
  return issues;
}

const INACTIVE_PATIENT_TEXT =
  'an order needs a Patient in use: this record is inactive (Patient.active); order for the record that replaced it, or reactivate this one';
const DECEASED_PATIENT_TEXT = 'an order needs a living patient: this record says that the patient is deceased (Patient.deceased)';

/**
 * Elements that cannot be sent to the lab network and change what is done to the patient, or who pays. They are refused: an order without them would be a
 * different order. All other elements that are not sent change neither. Whether this value cannot be sent; `today`: YYYY-MM-DD.
 */
type IsUnsupported = (value: unknown, today: string) => boolean;

const always: IsUnsupported = () => true;
const isTrue: IsUnsupported = (value) => value === true;
const isNotOne: IsUnsupported = (value) => Number(toNumberText(isObject(value) ? value.value : undefined)) !== 1;
/** A month or a year that has not begun cannot be sent: the lab network requires a day. One that has begun means now. */
const isLaterWithoutDay: IsUnsupported = (value, today) =>
  typeof value === 'string' && value.length < 10 && value > today.slice(0, value.length);
const startsLaterWithoutDay: IsUnsupported = (value, today) => isLaterWithoutDay(isObject(value) ? value.start : undefined, today);

const ONCE_TEXT = 'a test is ordered once: leave its quantity and timing out, and create one request for each time';
const WHOLE_DATE_TEXT = 'the day on which an order becomes active must be a full date';
const AS_NEEDED_TEXT = 'an order as needed is not supported: make the request active when the test is needed';
const describeUnknown = (what: string): string => `${what} may change the meaning of the request and is not supported: leave it out`;

/** Each text describes the element: the API of a vendor may have no name for it. */
const UNSUPPORTED: Record<string, [untold: IsUnsupported, text: string]> = {
  quantityQuantity: [isNotOne, ONCE_TEXT],
  quantityRatio: [always, ONCE_TEXT],
  quantityRange: [always, ONCE_TEXT],
  occurrenceTiming: [always, ONCE_TEXT],
  occurrenceDateTime: [isLaterWithoutDay, WHOLE_DATE_TEXT],
  occurrencePeriod: [startsLaterWithoutDay, WHOLE_DATE_TEXT],
  asNeededBoolean: [isTrue, AS_NEEDED_TEXT],
  asNeededCodeableConcept: [always, AS_NEEDED_TEXT],
  bodySite: [always, 'a body site cannot be sent to the lab network: leave it out, and write it in a note'],
  specimen: [always, 'an existing specimen cannot be sent to the lab network: leave it out, or send the sample to the laboratory yourself'],
  modifierExtension: [always, describeUnknown('a modifierExtension')],
  implicitRules: [always, describeUnknown('a set of implicitRules')],
};

/** The FHIRPath of the element: a choice element without its type; for a period the start, which alone is used. */
const toElementPath = (element: string): string =>
  element === 'occurrencePeriod' ? 'occurrence.start' : element.replace(/^(quantity|occurrence|asNeeded)[A-Z].*/, '$1');

/** Issues for all elements that an order cannot contain. */
const checkUnsupportedElements = (request: Resource, now: Date): Issue[] =>
  Object.entries(UNSUPPORTED).flatMap(([element, [untold, text]]) =>
    request[element] !== undefined && untold(request[element], now.toISOString().slice(0, 10))
      ? invalid(text, `ServiceRequest.${toElementPath(element)}`).issues
      : [],
  );

/** FHIRPath → the unsupported elements. */
export const UNSUPPORTED_ELEMENTS = Object.fromEntries(Map.groupBy(Object.keys(UNSUPPORTED), toElementPath));

/** The text of a number or of raw JSON. */
const toNumberText = (value: unknown): string => JSON.stringify(value) ?? '';
