// Date and time formats of vendors (`MM/DD/YYYY`, `YYYY-MM-DDThh:mm:ss+hhmm`), compiled for both directions.
import { TEXT_TYPES } from '../../fhir/validation/primitives.ts';

/** A compiled pattern: for FHIR's `date` without hours, for its `instant` with hours. */
export interface DatePattern {
  /** The pattern in the mapping. */
  text: string;
  /** A regular expression of the format. It also accepts days that do not exist. */
  pattern: string;
  /** Vendor → FHIR; undefined: another format, or a day that does not exist. */
  parse(text: string): string | undefined;
  /** FHIR → vendor; undefined: the stored value is less precise (`1985-12`). */
  format(stored: string): string | undefined;
}

/** Part of a pattern → its regular expression and the name of its group. Any offset is accepted; UTC is shown. */
const PARTS: Readonly<Record<string, { source: string; name: string }>> = {
  YYYY: { source: '\\d{4}', name: 'year' },
  MM: { source: '\\d\\d', name: 'month' },
  DD: { source: '\\d\\d', name: 'day' },
  hh: { source: '\\d\\d', name: 'hour' },
  mm: { source: '\\d\\d', name: 'minute' },
  ss: { source: '\\d\\d', name: 'second' },
  SSS: { source: '\\d{3}', name: 'milli' },
  '+hhmm': { source: '(?:Z|[+-]\\d{4})', name: 'zone' },
  '+hh:mm': { source: '(?:Z|[+-]\\d\\d:\\d\\d)', name: 'zone' },
};

const TOKEN = /YYYY|MM|DD|SSS|\+hh:?mm|hh|mm|ss/g;
const DAY = ['year', 'month', 'day'];

/** Compiles a pattern of a day, or of a day and time. Throws when a part is missing or repeated. */
export function compileDatePattern(text: string, kind: 'day' | 'instant'): DatePattern {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token);
  const names = tokens.map((token) => PARTS[token]!.name);
  const problem = findPatternError(names, { text, kind });
  if (problem !== undefined) throw new Error(`${text}: ${problem}`);
  const literals = text.split(TOKEN);
  const joined = (part: (token: string) => string): string =>
    `^${literals.map((literal, index) => (index ? part(tokens[index - 1]!) : '') + escapeLiteral(literal)).join('')}$`;
  const pattern = new RegExp(joined((token) => `(?<${PARTS[token]!.name}>${PARTS[token]!.source})`));
  const zone = text.includes('+hh:mm') ? '+00:00' : '+0000';
  return {
    text,
    pattern: joined((token) => PARTS[token]!.source),
    parse(text) {
      const found = pattern.exec(text)?.groups;
      return found && toFhir(found, kind);
    },
    format(stored) {
      const parts = kind === 'day' ? parseDay(stored) : parseInstant(stored);
      return parts && names.reduce((written, name, at) => written + (parts[name] ?? zone) + literals[at + 1]!, literals[0]!);
    },
  };
}

const escapeLiteral = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** The part that is missing or repeated, as a message. */
function findPatternError(names: string[], { text, kind }: { text: string; kind: 'day' | 'instant' }): string | undefined {
  const [stray] = /[YMDhmsS]/.exec(text.replace(TOKEN, ' ')) ?? [];
  if (stray) return `${stray} is not a part of a pattern: the parts are ${Object.keys(PARTS).join(', ')}, in digits alone`;
  const needed = kind === 'day' ? DAY : [...DAY, 'hour', 'minute'];
  const missing = needed.find((name) => !names.includes(name));
  if (missing) return `a pattern of ${kind === 'day' ? 'a day' : 'an instant'} needs its ${missing} (${findToken(missing)})`;
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) return `${findToken(twice)} may occur only once`;
  if (kind === 'day' && names.length > DAY.length) return 'a day has no hours: write as: instant(…) for a time';
  if (kind === 'instant' && !names.includes('zone') && !text.endsWith('Z')) return 'a time needs its zone: end it with Z, +hhmm or +hh:mm';
  return undefined;
}

const findToken = (name: string): string => Object.keys(PARTS).find((token) => PARTS[token]!.name === name)!;

function toFhir(found: Record<string, string>, kind: 'day' | 'instant'): string | undefined {
  const { year, month, day, hour, minute, second = '00', milli, zone = 'Z' } = found;
  const iso = `${year}-${month}-${day}`;
  if (kind === 'day') return TEXT_TYPES.date!.isValid(iso) ? iso : undefined;
  const offset = zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2');
  const text = `${iso}T${hour}:${minute}:${second}${milli === undefined ? '' : `.${milli}`}${offset}`;
  return TEXT_TYPES.instant!.isValid(text) ? text : undefined;
}

const STORED_DAY = /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)$/;
/** The form in which this server writes instants. */
const UTC_INSTANT = /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)T(?<hour>\d\d):(?<minute>\d\d):(?<second>[0-5]\d)\.(?<milli>\d{3})Z$/;

const parseDay = (stored: string): Record<string, string> | undefined => STORED_DAY.exec(stored)?.groups;

/** The parts in UTC. */
function parseInstant(stored: string): Record<string, string> | undefined {
  if (!TEXT_TYPES.instant!.isValid(stored)) return undefined;
  return (UTC_INSTANT.exec(stored) ?? UTC_INSTANT.exec(toUtc(stored)))?.groups;
}

/** JavaScript has no leap seconds: one is shown as the second before it. */
const toUtc = (stored: string): string => {
  const time = Date.parse(stored.replace(/(T\d\d:\d\d):60/, '$1:59'));
  return Number.isNaN(time) ? '' : new Date(time).toISOString();
};
