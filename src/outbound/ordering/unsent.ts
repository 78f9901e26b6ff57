// What a request can say that the laboratory network has no word for, and that would change what is done to the patient, or who pays: refused, since an
// order without it would be another one. All other elements that are not sent change neither. https://hl7.org/fhir/R4/servicerequest.html
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { wrong } from './said.ts';

/** Whether this value cannot be told; `today`: YYYY-MM-DD. */
type Untold = (value: unknown, today: string) => boolean;

const any: Untold = () => true;
const isYes: Untold = (value) => value === true;
const notOne: Untold = (value) => Number(stringOf((value as { value?: unknown }).value)) !== 1;
/** A month or a year that has not begun is no day to wait for; one that has begun means now. */
const laterWithoutDay: Untold = (value, today) => typeof value === 'string' && value.length < 10 && value > today.slice(0, value.length);
const startsLater: Untold = (value, today) => laterWithoutDay((value as { start?: unknown }).start, today);

const IN_A_NOTE = 'the laboratory network has no word for this: leave it out, and say it in a note';
const ONCE = 'a test is ordered once: make a request for each time';
const A_DAY = 'the day on which an order becomes active must be a whole date';

const UNTOLD: Record<string, [untold: Untold, text: string]> = {
  insurance: [
    any,
    'an order is billed to the organisation that places it, and to no insurance yet: leave this out to order it so, and bill the insurance yourself',
  ],
  quantityQuantity: [notOne, ONCE],
  quantityRatio: [any, ONCE],
  quantityRange: [any, ONCE],
  occurrenceTiming: [any, ONCE],
  occurrenceDateTime: [laterWithoutDay, A_DAY],
  occurrencePeriod: [startsLater, A_DAY],
  asNeededBoolean: [isYes, 'what is ordered is done, needed or not: make the request active when it is needed'],
  asNeededCodeableConcept: [any, 'what is ordered is done, needed or not: make the request active when it is needed'],
  bodySite: [any, IN_A_NOTE],
  specimen: [any, 'the laboratory network takes a sample of its own: leave this out, or send the sample to the laboratory yourself'],
  modifierExtension: [any, 'this may change what the request means, and it is not known here: leave it out'],
  implicitRules: [any, 'this may change what the request means, and it is not known here: leave it out'],
};

/** Every element that an order cannot carry. */
export const unsentIn = (request: Resource, now: Date): Issue[] =>
  Object.entries(UNTOLD).flatMap(([element, [untold, text]]) =>
    request[element] !== undefined && untold(request[element], now.toISOString().slice(0, 10))
      ? wrong(text, `ServiceRequest.${element.replace(/^(quantity|occurrence|asNeeded)[A-Z].*/, '$1')}`).issues
      : [],
  );

/** The names of these elements. */
export const UNSENT = Object.keys(UNTOLD);

/** A number as it was written, raw JSON too. */
const stringOf = (value: unknown): string => JSON.stringify(value) ?? '';
