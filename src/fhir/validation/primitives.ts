// The form of R4's primitive types that are strings in JSON: one predicate for each type, which the generated schemas use as `format`.
// https://hl7.org/fhir/R4/datatypes.html#primitive. Each predicate takes linear time for any text.

import { countDaysInMonth } from '../calendar.ts';
import { findUcumUnit } from '../ucum.ts';

/** A primitive type that is a string in JSON. `expected` completes the error text "… is expected". */
interface TextType {
  isValid(text: string): boolean;
  expected: string;
}

const DAY = '-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])';
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?';
const ZONE = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))';
const YEAR = '(?!0000)\\d{4}';

const DATE = new RegExp(`^${YEAR}(?:-(?:0[1-9]|1[0-2]))?$|^${YEAR}${DAY}$`);
const DATE_TIME = new RegExp(`^${YEAR}(?:-(?:0[1-9]|1[0-2]))?$|^${YEAR}${DAY}(?:T${TIME}${ZONE})?$`);
const INSTANT = new RegExp(`^${YEAR}${DAY}T${TIME}${ZONE}$`);
const TIME_OF_DAY = new RegExp(`^${TIME}$`);
const CODE = /^[^\s]+(?:\s[^\s]+)*$/;
const URI = /^[^\s]+$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/;
const UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const BASE64 = /^[A-Za-z0-9+/=]+$/;
const SPACE = /\s+/g;
const MIME_TYPE = /^[^\s/;]+\/[^\s/;]+(?:\s?;.+)?$/s;
const CONTENT_FORMAT = /^(?:json|xml|ttl|[^\s/;]+\/[^\s/;]+(?:\s?;.+)?)$/s;
const CURRENCY = /^[A-Z]{3}$/;
const LONGEST = 1024 * 1024;

/** R4: "SHOULD not contain Unicode character points below 32, except for" tab, carriage return and line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;

/**
 * Whether a text has no control characters (PostgreSQL cannot store NUL, and XML allows none of them) and no unpaired surrogate.
 * https://hl7.org/fhir/R4/datatypes.html#string
 */
export const isReadable = (text: string): boolean => !CONTROL.test(text) && text.isWellFormed();

/** `isMore`: what the pattern cannot state. */
const buildTextType = (pattern: RegExp, expected: string, isMore?: (text: string) => boolean): TextType => ({
  isValid: (text) => pattern.test(text) && (isMore === undefined || isMore(text)),
  expected,
});

const string: TextType = {
  isValid: (text) => text.length > 0 && text.length <= LONGEST && isReadable(text),
  expected: 'a text that is not empty, of at most 1 MB and without control characters',
};

/** FHIR type → its form. Media types, currencies and units are codes with a form of their own. */
export const TEXT_TYPES: Readonly<Record<string, TextType>> = {
  base64Binary: { isValid: isBase64, expected: 'base64 (RFC 4648)' },
  canonical: buildTextType(URI, 'a canonical URL without spaces', isReadable),
  code: buildTextType(CODE, 'a code (no leading, trailing or double spaces)', isReadable),
  contentFormat: buildTextType(CONTENT_FORMAT, 'a media type as type/subtype, json, xml or ttl', isReadable),
  currency: buildTextType(CURRENCY, 'a currency code of ISO 4217'),
  date: buildTextType(DATE, 'a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD', isCalendarDay),
  dateTime: buildTextType(
    DATE_TIME,
    'a date of the calendar as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone',
    isCalendarDay,
  ),
  id: buildTextType(ID, 'an id of 1 to 64 letters, digits, hyphens and dots'),
  instant: buildTextType(INSTANT, 'an instant as YYYY-MM-DDThh:mm:ss with a time zone', isCalendarDay),
  markdown: string,
  mimeType: buildTextType(MIME_TYPE, 'a media type as type/subtype', isReadable),
  oid: buildTextType(OID, 'an OID as urn:oid:…'),
  string,
  ucum: { isValid: (text) => findUcumUnit(text) !== undefined, expected: 'a unit of UCUM' },
  time: buildTextType(TIME_OF_DAY, 'a time as hh:mm:ss'),
  uri: buildTextType(URI, 'a URI without spaces', isReadable),
  url: buildTextType(URI, 'a URL without spaces', isReadable),
  uuid: buildTextType(UUID, 'a UUID as urn:uuid:… in lower case'),
};

/** Whether the month of a date has its day. True for a date without a day. */
function isCalendarDay(text: string): boolean {
  const day = Number(text.slice(8, 10));
  if (text.length < 10 || day <= 28) return true;
  return day <= countDaysInMonth(Number(text.slice(0, 4)), Number(text.slice(5, 7)));
}

function isBase64(text: string): boolean {
  const packed = BASE64.test(text) ? text : text.replace(SPACE, '');
  return packed.length % 4 === 0 && BASE64.test(packed);
}
