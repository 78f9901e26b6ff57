// What stays as it is once an order is out, or about to be: what was ordered, for whom, and what the network has said of it. The exact text that is sent was
// fixed when the request was accepted, and what comes back is told of the patient it was taken from. https://hl7.org/fhir/R4/servicerequest.html
import { isDeepStrictEqual } from 'node:util';
import { conflict } from '../../fhir/outcome.ts';
import { referenceTarget } from '../../fhir/reference-target.ts';
import type { Resource } from '../../fhir/types.ts';
import { type PanelTable, testsToOrder } from './order-criteria.ts';

type Facet = (request: Resource, given: { table: PanelTable; baseUrl: string }) => unknown;

/** Whom a reference means, however it is written. */
const target =
  (element: string): Facet =>
  (request, { baseUrl }) => {
    const { reference } = (request[element] ?? {}) as { reference?: string };
    return reference && (referenceTarget(reference, baseUrl) ?? reference);
  };

/** Element → what of it was ordered. Whether it is an order at all hangs on its category, intent and code, not on where it stands. */
const ORDERED: Record<string, Facet> = {
  subject: target('subject'),
  requester: target('requester'),
  code: (request, { table }) => testsToOrder({ ...request, status: 'active' }, table)?.toSorted(),
  occurrence: ({ occurrenceDateTime, occurrencePeriod, occurrenceTiming }) => [occurrenceDateTime, occurrencePeriod, occurrenceTiming],
};

/** Refuses (409) a change of what was ordered, and of where it stands what the laboratory alone can say. */
export function refuseChange(former: Resource, next: Resource, given: { table: PanelTable; baseUrl: string }): void {
  const changed = Object.entries(ORDERED).find(([, facet]) => !isDeepStrictEqual(facet(former, given), facet(next, given)));
  if (changed) throw stays('what was ordered cannot be changed', changed[0]);
  if (next.status === former.status) return;
  if (next.status === 'draft') throw stays('an order that was placed is no draft any more', 'status');
  if (next.status === 'completed') throw stays('an order is completed by its laboratory', 'status');
}

const stays = (what: string, element: string) =>
  conflict(`${what}: revoke this request, and order anew with a new ServiceRequest`, `ServiceRequest.${element}`);
