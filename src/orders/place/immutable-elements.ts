// The elements of a request that cannot change after its order was accepted. The text that is sent is fixed at acceptance. Results refer to the subject and the
// tests of that version. https://hl7.org/fhir/R4/servicerequest.html, docs/decisions/0025-order-changes-and-cancellation.md

import { isDeepStrictEqual } from 'node:util';
import { isObject, toList } from '../../fhir/json-values.ts';
import { conflict } from '../../fhir/outcome.ts';
import { normalizeReference } from '../../fhir/reference.ts';
import type { Resource } from '../../fhir/types.ts';
import { joinNotes, listConditionReferences, listReasonIcdCodes, listSupportingInfo } from './clinical-information.ts';
import { listCodings } from './codings.ts';
import { isUrgent, type OrderRules, UNSUPPORTED_ELEMENTS } from './order-content.ts';
import { canBeOrder } from './order-decision.ts';
import { isRevoked } from './order-edits.ts';
import { findCollectionMethods } from './order-performer.ts';
import { findTests, type TestTable } from './ordered-tests.ts';
import { listContained, listReferences, PATIENT_SNAPSHOT_ID, type Reference } from './references.ts';

interface ElementContext {
  rules: OrderRules;
  baseUrl: string;
}
type ElementReader = (request: Resource, context: ElementContext) => unknown;

/** The fields of the sent text to which a request may add. */
export interface SentText {
  clinical_notes?: string;
}

/** The normalized target of a reference, so that relative and absolute references are equal; for a contained resource its content. */
function resolveReference(request: Resource, { reference, ...other }: { reference?: unknown }, { baseUrl }: ElementContext): unknown {
  if (typeof reference !== 'string') return other;
  if (reference.startsWith('#')) return listContained(request).find(({ id }) => id === reference.slice(1));
  return normalizeReference(reference, baseUrl) ?? reference;
}

const referenceReader =
  (element: string): ElementReader =>
  (request, context) =>
    isObject(request[element]) ? resolveReference(request, request[element], context) : undefined;

/** Sorted: the order of the list does not matter. */
const referencesReader =
  (references: (request: Resource) => [path: string, reference: Reference][]): ElementReader =>
  (request, context) =>
    references(request)
      .map(([, reference]) => resolveReference(request, reference, context))
      .toSorted((a, b) => (String(a) < String(b) ? -1 : Number(String(a) > String(b))));

/** The tests that a concept orders; if the present configuration knows none, its codes. */
function listOrderedCodes(concept: unknown, table: TestTable): string[] {
  const tests = findTests(concept, table);
  if (!tests) return listCodings(concept).map(({ system = '', code = '' }) => `${system}|${code}`);
  return [...tests.labTests, ...tests.addOn.map(({ laboratory, code }) => `${laboratory}/${code}`)];
}

/** Element → the part of the element that was ordered. Whether a request is an order depends on its intent and code, not on its status. */
const ORDERED_ELEMENTS: Record<string, ElementReader> = {
  subject: referenceReader('subject'),
  requester: referenceReader('requester'),
  code: (request, { rules }) =>
    canBeOrder(request) &&
    [...new Set([request.code, ...toList(request.orderDetail)].flatMap((concept) => listOrderedCodes(concept, rules.table)))].sort(),
  priority: isUrgent,
  reasonCode: (request) => [...new Set(listReasonIcdCodes(request))].sort(),
  reasonReference: referencesReader(listConditionReferences),
  supportingInfo: referencesReader(listSupportingInfo),
  insurance: referencesReader((request) => listReferences(request, 'insurance')),
  performer: referencesReader((request) => listReferences(request, 'performer')),
  extension: (request, { rules }) => findCollectionMethods(request, rules.systems),
  contained: (request) => listContained(request).find(({ resourceType, id }) => resourceType === 'Patient' && id === PATIENT_SNAPSHOT_ID),
  ...Object.fromEntries(
    Object.entries(UNSUPPORTED_ELEMENTS).map(([path, elements]) => [
      path,
      (request: Resource) => elements.map((element) => request[element]),
    ]),
  ),
  'occurrence.start': ({ occurrencePeriod }) => (isObject(occurrencePeriod) ? occurrencePeriod.start : undefined),
};
/** Results refer to these elements: even a write that revokes the order may not change them. Such a write may change all others, to give a reason. */
const RESULT_ELEMENTS = new Set(['subject', 'code']);

/** Fails with 409 if the write changes an ordered element, or sets a status that only the laboratory can set. */
export function checkImmutableElements(
  previous: Resource,
  next: Resource,
  { sent, ...context }: ElementContext & { sent: SentText },
): void {
  const changed = Object.keys(ORDERED_ELEMENTS).filter(
    (path) => !isDeepStrictEqual(ORDERED_ELEMENTS[path]!(previous, context), ORDERED_ELEMENTS[path]!(next, context)),
  );
  if (isRevoked(next)) {
    checkResultElements(changed);
    return;
  }
  if (changed.length) throw buildImmutableError('this element was ordered and cannot be changed', changed[0]!);
  if (!continuesNotes(joinNotes(next), sent.clinical_notes))
    throw buildImmutableError('notes that were sent to the laboratory cannot be changed, only added to', 'note');
  if (next.status === previous.status) return;
  if (next.status === 'draft') throw buildImmutableError('an accepted order cannot become a draft', 'status');
  if (next.status === 'completed') throw buildImmutableError('only the laboratory can complete an order', 'status');
}

/** A write that revokes an order must name the same subject and tests. */
function checkResultElements(changed: string[]): void {
  const path = changed.find((element) => RESULT_ELEMENTS.has(element));
  if (path)
    throw conflict('a write that revokes an order cannot change its subject or its tests: send them unchanged', `ServiceRequest.${path}`);
}

const continuesNotes = (notes: string, sent: string | undefined): boolean =>
  sent === undefined || notes === sent || notes.startsWith(`${sent}\n`);

const buildImmutableError = (what: string, element: string) =>
  conflict(`${what}: revoke this request, and create a new ServiceRequest`, `ServiceRequest.${element}`);
