// When an order is to become active: the day that its ServiceRequest asks for, if that is a later one than today where the patient lives.
// https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.occurrence_x_, https://docs.junction.com/lab/workflow/scheduled-orders
import type { Resource } from '../../fhir/types.ts';
import { dayIn } from './us-zone.ts';

/** YYYY-MM-DD; undefined: now. A month or a year is no day to wait for. */
export function activationDay({ occurrenceDateTime, occurrencePeriod }: Resource, state: string, now: Date): string | undefined {
  const asked = occurrenceDateTime ?? (occurrencePeriod as { start?: unknown } | undefined)?.start;
  const day = typeof asked === 'string' && asked.length >= 10 ? dayOf(asked, state) : undefined;
  return day !== undefined && day > dayIn(state, now) ? day : undefined;
}

/** An instant falls on a day of the patient's; a leap second is on the day that is written. */
function dayOf(text: string, state: string): string {
  const instant = new Date(text);
  return text.length === 10 || Number.isNaN(instant.getTime()) ? text.slice(0, 10) : dayIn(state, instant);
}
