// Elements that cannot be sent to the lab network and change what is done to the patient, or who pays. They are refused: an order without them would be a
// different order. All other elements that are not sent change neither. https://hl7.org/fhir/R4/servicerequest.html
import { isObject } from '../../fhir/json-values.ts';
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { invalid } from './validation-result.ts';

/** Whether this value cannot be sent; `today`: YYYY-MM-DD. */
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
  insurance: [always, 'an order is billed to the organisation that places it, and not to an insurance: leave the insurance out'],
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
export const checkUnsupportedElements = (request: Resource, now: Date): Issue[] =>
  Object.entries(UNSUPPORTED).flatMap(([element, [untold, text]]) =>
    request[element] !== undefined && untold(request[element], now.toISOString().slice(0, 10))
      ? invalid(text, `ServiceRequest.${toElementPath(element)}`).issues
      : [],
  );

/** FHIRPath → the unsupported elements. */
export const UNSUPPORTED_ELEMENTS = Object.fromEntries(Map.groupBy(Object.keys(UNSUPPORTED), toElementPath));

/** The text of a number or of raw JSON. */
const toNumberText = (value: unknown): string => JSON.stringify(value) ?? '';
