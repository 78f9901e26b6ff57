// What a request can say that the laboratory network has no word for, and that would change what is done to the patient, or who pays: refused, since an
// order without it would be another one. All other elements that are not sent change neither. https://hl7.org/fhir/R4/servicerequest.html
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { wrong } from './validation-result.ts';

/** Whether this value cannot be told; `today`: YYYY-MM-DD. */
type Untold = (value: unknown, today: string) => boolean;

const any: Untold = () => true;
const isYes: Untold = (value) => value === true;
const notOne: Untold = (value) => Number(stringOf((value as { value?: unknown }).value)) !== 1;
/** A month or a year that has not begun is no day to wait for; one that has begun means now. */
const laterWithoutDay: Untold = (value, today) => typeof value === 'string' && value.length < 10 && value > today.slice(0, value.length);
const startsLater: Untold = (value, today) => laterWithoutDay((value as { start?: unknown }).start, today);

const ONCE = 'a test is ordered once: leave its quantity and timing out, and make a request for each time';
const A_DAY = 'the day on which an order becomes active must be a whole date';
const AS_NEEDED = 'what is ordered is done, needed or not: make the request active when it is needed';
const unknownOf = (what: string): string => `${what} may change what the request means, and this one is not known here: leave it out`;

/** Each text says what it is about: a vendor's client may have no name for the element. */
const UNTOLD: Record<string, [untold: Untold, text: string]> = {
  insurance: [
    any,
    'an order is billed to the organisation that places it, and to no insurance yet: leave the insurance out to order it so, and bill it yourself',
  ],
  quantityQuantity: [notOne, ONCE],
  quantityRatio: [any, ONCE],
  quantityRange: [any, ONCE],
  occurrenceTiming: [any, ONCE],
  occurrenceDateTime: [laterWithoutDay, A_DAY],
  occurrencePeriod: [startsLater, A_DAY],
  asNeededBoolean: [isYes, AS_NEEDED],
  asNeededCodeableConcept: [any, AS_NEEDED],
  bodySite: [any, 'the laboratory network has no word for a body site: leave it out, and say it in a note'],
  specimen: [
    any,
    'the laboratory network takes a sample of its own: leave the specimen out, or send the sample to the laboratory yourself',
  ],
  modifierExtension: [any, unknownOf('a modifierExtension')],
  implicitRules: [any, unknownOf('a set of implicitRules')],
};

/** Where it stands, as FHIRPath has it: a choice without its type. Of a period only the start is asked for. */
const pathOf = (element: string): string =>
  element === 'occurrencePeriod' ? 'occurrence.start' : element.replace(/^(quantity|occurrence|asNeeded)[A-Z].*/, '$1');

/** Every element that an order cannot carry. */
export const unsentIn = (request: Resource, now: Date): Issue[] =>
  Object.entries(UNTOLD).flatMap(([element, [untold, text]]) =>
    request[element] !== undefined && untold(request[element], now.toISOString().slice(0, 10))
      ? wrong(text, `ServiceRequest.${pathOf(element)}`).issues
      : [],
  );

/** Path → these elements. */
export const UNSENT = Object.groupBy(Object.keys(UNTOLD), pathOf) as Record<string, string[]>;

/** A number as it was written, raw JSON too. */
const stringOf = (value: unknown): string => JSON.stringify(value) ?? '';
