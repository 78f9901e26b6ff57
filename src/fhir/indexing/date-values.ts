// Which range of time an element gives to a date parameter, by its type. https://hl7.org/fhir/R4/search.html#date
import { type DateRange, dateRange, periodRange, timingRange } from '../date-range.ts';

/** Element type → its range; undefined when it names no time (a Timing of a code alone). */
export const DATES: Record<string, (value: never) => DateRange | undefined> = {
  date: dateRange,
  dateTime: dateRange,
  instant: dateRange,
  Period: periodRange,
  Timing: timingRange,
};
