// What stays as it is once an order is out, or about to be: all that was sent of it, and what the network has said of it. The exact text was fixed when the
// request was accepted, and what comes back is told of the patient it was taken from. https://hl7.org/fhir/R4/servicerequest.html
// docs/decisions/0025-order-changes-and-cancellation.md

import { isDeepStrictEqual } from 'node:util';
import { listOf } from '../../fhir/json-values.ts';
import { conflict } from '../../fhir/outcome.ts';
import { referenceTarget } from '../../fhir/reference-target.ts';
import type { Resource } from '../../fhir/types.ts';
import { methodsIn } from './collection.ts';
import { containedIn, type Reference, referencesIn, SNAPSHOT } from './linked.ts';
import { isUrgent, type OrderRules } from './order-content.ts';
import { codingsOf, isTakenBack, type TestTable, testsBehind } from './order-criteria.ts';
import { canBeOrder } from './order-decision.ts';
import { notesOf } from './order-notes.ts';
import { conditionsIn, reasonCodes } from './order-reasons.ts';
import { supportIn } from './supporting.ts';
import { UNSENT } from './unsupported-elements.ts';

interface Given {
  rules: OrderRules;
  baseUrl: string;
}
type Facet = (request: Resource, given: Given) => unknown;

/** Of the text that was sent, what a request may go on from. */
export interface SentText {
  clinical_notes?: string;
}

/** Whom or what a reference means, however it is written; of a contained resource, what it says. */
function meant(request: Resource, { reference, ...other }: Reference, { baseUrl }: Given): unknown {
  if (reference === undefined) return other;
  if (reference.startsWith('#')) return containedIn(request).find(({ id }) => id === reference.slice(1));
  return referenceTarget(reference, baseUrl) ?? reference;
}

const target =
  (element: string): Facet =>
  (request, given) =>
    request[element] === undefined ? undefined : meant(request, request[element] as Reference, given);

/** In whatever order they are written. */
const targets =
  (references: (request: Resource) => [path: string, reference: Reference][]): Facet =>
  (request, given) =>
    references(request)
      .map(([, reference]) => meant(request, reference, given))
      .toSorted((a, b) => (String(a) < String(b) ? -1 : Number(String(a) > String(b))));

/** What a concept orders: its tests, or where today's table knows none, what it says. */
function namedBy(concept: unknown, table: TestTable): string[] {
  const tests = testsBehind(concept, table);
  if (!tests) return codingsOf(concept).map(({ system = '', code = '' }) => `${system}|${code}`);
  return [...tests.labTests, ...tests.addOn.map(({ laboratory, code }) => `${laboratory}/${code}`)];
}

/** Element → what of it was ordered. Whether it is an order at all hangs on its intent and code, not on where it stands. */
const ORDERED: Record<string, Facet> = {
  subject: target('subject'),
  requester: target('requester'),
  code: (request, { rules }) =>
    canBeOrder(request) &&
    [...new Set([request.code, ...listOf(request.orderDetail)].flatMap((concept) => namedBy(concept, rules.table)))].sort(),
  priority: isUrgent,
  reasonCode: (request) => [...new Set(reasonCodes(request))].sort(),
  reasonReference: targets(conditionsIn),
  supportingInfo: targets(supportIn),
  performer: targets((request) => referencesIn(request, 'performer')),
  extension: (request, { rules }) => methodsIn(request, rules.systems),
  contained: (request) => containedIn(request).find(({ resourceType, id }) => resourceType === 'Patient' && id === SNAPSHOT),
  ...Object.fromEntries(
    Object.entries(UNSENT).map(([path, elements]) => [path, (request: Resource) => elements.map((element) => request[element])]),
  ),
  'occurrence.start': ({ occurrencePeriod }) => (occurrencePeriod as { start?: string } | undefined)?.start,
};
/** Of it, what results that come all the same are told of. All else that is written when an order is taken back says why, and can do no harm. */
const OF_RESULTS = new Set(['subject', 'code']);

/** Refuses (409) a change of what was ordered, and of where it stands what the laboratory alone can say. */
export function refuseChange(former: Resource, next: Resource, { sent, ...given }: Given & { sent: SentText }): void {
  const changed = Object.keys(ORDERED).filter((path) => !isDeepStrictEqual(ORDERED[path]!(former, given), ORDERED[path]!(next, given)));
  if (isTakenBack(next)) {
    refuseAnother(changed);
    return;
  }
  if (changed.length) throw stays('what was ordered cannot be changed', changed[0]!);
  if (!isGoneOn(notesOf(next), sent.clinical_notes))
    throw stays('notes that the laboratory has been given stay as they are, and others come after them', 'note');
  if (next.status === former.status) return;
  if (next.status === 'draft') throw stays('an order that was placed is no draft any more', 'status');
  if (next.status === 'completed') throw stays('an order is completed by its laboratory', 'status');
}

/** Whoever takes it back takes back what was ordered, and nothing else. */
function refuseAnother(changed: string[]): void {
  const path = changed.find((one) => OF_RESULTS.has(one));
  if (path)
    throw conflict('what was ordered, and for whom, stays also when it is taken back: write it as it was', `ServiceRequest.${path}`);
}

const isGoneOn = (notes: string, sent: string | undefined): boolean =>
  sent === undefined || notes === sent || notes.startsWith(`${sent}\n`);

const stays = (what: string, element: string) =>
  conflict(`${what}: revoke this request, and order anew with a new ServiceRequest`, `ServiceRequest.${element}`);
