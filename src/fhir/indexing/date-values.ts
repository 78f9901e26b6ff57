// Which range of time an element gives to a date parameter, by its type. https://hl7.org/fhir/R4/search.html#date
import { type DateRange, parseDateRange, toPeriodRange, toTimingRange } from '../date-range.ts';

/** Element type → its range; undefined when it names no time (a Timing of a code alone). */
export const DATE_RANGES: Record<string, (value: never) => DateRange | undefined> = {
  date: parseDateRange,
  dateTime: parseDateRange,
  instant: parseDateRange,
  Period: toPeriodRange,
  Timing: toTimingRange,
};
