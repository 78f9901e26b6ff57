// The demographic data of a Patient or Practitioner for an order: selects the current names, addresses and contact points, each with its path for error messages,
// and converts them to the formats that the lab network accepts. The preference among several values is that of fhir/current-elements.ts, as in the vendors' APIs.
// https://hl7.org/fhir/R4/patient.html

import { findCurrentElements } from '../../fhir/current-elements.ts';
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';

/** A value with its path in the Patient. */
export type LocatedValue = [path: string, text: string];

/** Where a value of a person is. `part`: a field, a list, or the first element of a list (`given[0]`). `system`: of contact points. */
export type ValuePath =
  | { element: 'name' | 'address'; part: string }
  | { element: 'telecom'; part: 'value'; system: 'phone' | 'email' }
  | { element: 'birthDate' };

const ELEMENT_TYPES = { name: 'HumanName', address: 'Address', telecom: 'ContactPoint' };

/**
 * The current values at a path, the preferred one first: parts of one name with a family name, of one address, or the values of all contact points of a system.
 * Undefined: the person has no name, no address, no such contact point or no date of birth at all.
 */
export function findValues(person: Resource, path: ValuePath, now: string): LocatedValue[] | undefined {
  if (path.element === 'birthDate') return person.birthDate === undefined ? undefined : toLocatedValues('birthDate', person.birthDate);
  const { element, part } = path;
  const members = toList(person[element]).filter(isObject);
  const current = findCurrentElements(members, ELEMENT_TYPES[element], now);
  const usable = current.filter((member) => isUsable(member, path));
  if ((element === 'name' ? current : usable).length === 0) return undefined;
  return (element === 'telecom' ? usable : usable.slice(0, 1)).flatMap((member) =>
    toLocatedValues(`${element}[${members.indexOf(member)}].${part}`, readPart(member, part)),
  );
}

/** An address of the type `postal` is not used: a sample may be collected at the address. */
function isUsable({ family, type, system, value }: Record<string, unknown>, path: Exclude<ValuePath, { element: 'birthDate' }>): boolean {
  if (path.element === 'telecom') return system === path.system && typeof value === 'string';
  return path.element === 'name' ? typeof family === 'string' : type !== 'postal';
}

const readPart = (member: Record<string, unknown>, part: string): unknown =>
  part.endsWith('[0]') ? toList(member[part.slice(0, -3)])[0] : member[part];

/** The texts of a value or of a list, with their paths. */
function toLocatedValues(path: string, value: unknown): LocatedValue[] {
  if (Array.isArray(value)) return value.flatMap((item, nth) => toLocatedValues(`${path}[${nth}]`, item));
  return typeof value === 'string' ? [[path, value]] : [];
}

/** Letters that Unicode normalization does not split, and punctuation with an ASCII equivalent. */
const TRANSLITERATIONS: Record<string, string> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'Ae',
  œ: 'oe',
  Œ: 'Oe',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  ł: 'l',
  Ł: 'L',
  þ: 'th',
  Þ: 'Th',
  ħ: 'h',
  Ħ: 'H',
  ŧ: 't',
  Ŧ: 'T',
  ı: 'i',
  '’': "'",
  '‘': "'",
  ʼ: "'",
  '`': "'",
  '´': "'",
  '‐': '-',
  '‑': '-',
  '–': '-',
  '—': '-',
};
const TRANSLITERATED_LETTER = new RegExp(`[${Object.keys(TRANSLITERATIONS).join('')}]`, 'g');

/** The characters that the lab network accepts: ASCII letters, digits, - . , ' and single spaces. `José Núñez` → `Jose Nunez`; undefined when no character is left. */
export function toAsciiName(text: string): string | undefined {
  const spelled = text.replace(TRANSLITERATED_LETTER, (letter) => TRANSLITERATIONS[letter]!).normalize('NFKD');
  const ascii = spelled
    .replace(/\s+/g, ' ')
    .replace(/[^A-Za-z0-9\-.,' ]/g, '')
    .replace(/ +/g, ' ');
  const name = ascii.replace(/^[^A-Za-z0-9]+/, '').trim();
  return name === '' ? undefined : name;
}

// https://www.nanpa.com/numbering/numbering-plan-area-code-area-codes
/** Area code and exchange begin with 2 to 9. */
const US_NUMBER = /^(?:\+?1)?([2-9]\d{2}[2-9]\d{6})$/;
/** Numbers that are not assigned: area code 555, service codes (911, 411) as area code or exchange, and the fictional numbers 555-0100 to 555-0199. */
const RESERVED_NUMBER = /^(?:555|[2-9]11|\d{3}[2-9]11|\d{3}55501)/;
const SEPARATORS = /^tel:|[\s().\-/]/gi;

/** `(518) 473-1122`, `+1 518 473 1122` → `+15184731122`. Undefined: not a US number, or a reserved one. An extension is removed: a text message has none. */
export function toUsPhone(text: string): string | undefined {
  const number = US_NUMBER.exec(text.replace(/(?:,|;|x|ext\.?)\s*(?:ext=)?\d+\s*$/i, '').replace(SEPARATORS, ''))?.[1];
  return number === undefined || RESERVED_NUMBER.test(number) ? undefined : `+1${number}`;
}

// https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2, https://www.rfc-editor.org/rfc/rfc6531#section-3.3
const LOCAL_ATOM = "[\\p{L}\\p{M}\\p{N}!#$%&'*+/=?^_`{|}~-]+";
const DOMAIN_LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N}-]{0,61}[\\p{L}\\p{M}\\p{N}])?';
/** The last label begins with a letter: a numeric IP address is not accepted as a domain. */
const EMAIL_ADDRESS = new RegExp(`^${LOCAL_ATOM}(?:\\.${LOCAL_ATOM})*@(?:${DOMAIN_LABEL}\\.)+(?=\\p{L})${DOMAIN_LABEL}$`, 'u');
const MAX_ADDRESS_LENGTH = 254;
const MAX_LOCAL_PART_LENGTH = 64;

/** Without surrounding spaces. Undefined: not an e-mail address. */
export function toEmailAddress(text: string): string | undefined {
  const address = text.trim();
  if (address.length > MAX_ADDRESS_LENGTH || address.indexOf('@') > MAX_LOCAL_PART_LENGTH) return undefined;
  return EMAIL_ADDRESS.test(address) ? address : undefined;
}

// https://pe.usps.com/text/pub28/28apb.htm
/** USPS code → name. */
const STATES: Record<string, string> = {
  AL: 'Alabama',
  AK: 'Alaska',
  AZ: 'Arizona',
  AR: 'Arkansas',
  CA: 'California',
  CO: 'Colorado',
  CT: 'Connecticut',
  DE: 'Delaware',
  DC: 'District of Columbia',
  FL: 'Florida',
  GA: 'Georgia',
  HI: 'Hawaii',
  ID: 'Idaho',
  IL: 'Illinois',
  IN: 'Indiana',
  IA: 'Iowa',
  KS: 'Kansas',
  KY: 'Kentucky',
  LA: 'Louisiana',
  ME: 'Maine',
  MD: 'Maryland',
  MA: 'Massachusetts',
  MI: 'Michigan',
  MN: 'Minnesota',
  MS: 'Mississippi',
  MO: 'Missouri',
  MT: 'Montana',
  NE: 'Nebraska',
  NV: 'Nevada',
  NH: 'New Hampshire',
  NJ: 'New Jersey',
  NM: 'New Mexico',
  NY: 'New York',
  NC: 'North Carolina',
  ND: 'North Dakota',
  OH: 'Ohio',
  OK: 'Oklahoma',
  OR: 'Oregon',
  PA: 'Pennsylvania',
  PR: 'Puerto Rico',
  RI: 'Rhode Island',
  SC: 'South Carolina',
  SD: 'South Dakota',
  TN: 'Tennessee',
  TX: 'Texas',
  UT: 'Utah',
  VT: 'Vermont',
  VA: 'Virginia',
  WA: 'Washington',
  WV: 'West Virginia',
  WI: 'Wisconsin',
  WY: 'Wyoming',
  GU: 'Guam',
  VI: 'Virgin Islands',
  AS: 'American Samoa',
  MP: 'Northern Mariana Islands',
};
const STATE_CODES = new Map(Object.entries(STATES).flatMap(([code, name]) => [[code, code] as const, [name.toUpperCase(), code] as const]));
const UNITED_STATES = /^(us|usa|u\.s\.|u\.s\.a\.|united states|united states of america)$/i;

/** `ny`, `New York` → `NY`; undefined: not a state. */
export const toUsState = (text: string): string | undefined => STATE_CODES.get(text.trim().replace(/\s+/g, ' ').toUpperCase());

/** `12207`, `12207-1234`, `122071234` → with a hyphen before the last four digits; undefined: not a ZIP code. */
export function toUsZip(text: string): string | undefined {
  const [, five, four] = /^(\d{5})(?:[-\s]?(\d{4}))?$/.exec(text.trim()) ?? [];
  return five && (four ? `${five}-${four}` : five);
}

// https://pe.usps.com/text/pub28/28c2_038.htm
const MILITARY_STATES = new Set(['AA', 'AE', 'AP']);
const MILITARY_CITY = /^(?:APO|FPO|DPO)\b/i;

/** Whether an address is that of a military or diplomatic post office. */
export const isMilitaryPost = ({ states, cities }: { states: string[]; cities: string[] }): boolean =>
  states.some((state) => MILITARY_STATES.has(state.trim().toUpperCase())) || cities.some((city) => MILITARY_CITY.test(city.trim()));

/** Any spelling of the United States → `US`; undefined for other countries. */
export const toUsCountry = (text: string): string | undefined => (UNITED_STATES.test(text.trim()) ? 'US' : undefined);

/** Time zone (https://www.iana.org/time-zones) of most of a state → USPS codes of these states. */
const STATES_BY_ZONE: Record<string, string> = {
  'America/New_York': 'CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV',
  'America/Chicago': 'AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI',
  'America/Denver': 'CO ID MT NM UT WY',
  'America/Phoenix': 'AZ',
  'America/Los_Angeles': 'CA NV OR WA',
  'America/Anchorage': 'AK',
  'Pacific/Honolulu': 'HI',
  'America/Puerto_Rico': 'PR VI',
  'Pacific/Pago_Pago': 'AS',
  'Pacific/Guam': 'GU MP',
};
const DATE_FORMATS = new Map(
  Object.entries(STATES_BY_ZONE).flatMap(([timeZone, states]) => {
    const format = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', calendar: 'gregory' });
    return states.split(' ').map((state) => [state, format] as const);
  }),
);

/** The date (YYYY-MM-DD) of this instant in this state (USPS code); in UTC for an unknown state. */
export function toDayInState(state: string, instant: Date): string {
  const format = DATE_FORMATS.get(state);
  if (!format) return instant.toISOString().slice(0, 10);
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}`;
}
