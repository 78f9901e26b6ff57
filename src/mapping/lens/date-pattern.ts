// Days and instants as a vendor writes them: a pattern such as MM/DD/YYYY or YYYY-MM-DDThh:mm:ss+hhmm, compiled once for both directions.
import { TEXT_TYPES } from '../../fhir/validation/primitives.ts';

/** What a pattern takes and makes: FHIR's `date` for one without hours, its `instant` for one with them. */
export interface DatePattern {
  /** As the mapping writes it. */
  text: string;
  /** The texts of this form, as a regular expression; days that are in no calendar among them. */
  pattern: string;
  /** Vendor's → FHIR's; undefined: it is no such text, or no day of the calendar. */
  parse(text: string): string | undefined;
  /** FHIR's → vendor's; undefined: what is stored does not say as much (`1985-12`). */
  format(stored: string): string | undefined;
}

/** Part of a pattern → what stands for it, and how it is called in a match. Offsets are taken as they come and shown as UTC. */
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

/** `day`: a pattern of a day, `instant`: one of a day and a time. One that leaves out or says twice what that needs is an Error. */
export function compileDatePattern(text: string, kind: 'day' | 'instant'): DatePattern {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token);
  const names = tokens.map((token) => PARTS[token]!.name);
  const problem = findPatternError(names, { text, kind });
  if (problem !== undefined) throw new Error(`${text}: ${problem}`);
  const literals = text.split(TOKEN);
  const joined = (part: (token: string) => string): string =>
    `^${literals.map((literal, nth) => (nth ? part(tokens[nth - 1]!) : '') + escapeLiteral(literal)).join('')}$`;
  const whole = new RegExp(joined((token) => `(?<${PARTS[token]!.name}>${PARTS[token]!.source})`));
  const zoned = names.includes('zone');
  return {
    text,
    pattern: joined((token) => PARTS[token]!.source),
    parse(given) {
      const found = whole.exec(given)?.groups;
      return found && toFhir(found, kind);
    },
    format(stored) {
      const parts = kind === 'day' ? parseDay(stored) : parseInstant(stored);
      if (!parts) return undefined;
      const shown = { ...parts, zone: zoned && text.includes('+hh:mm') ? '+00:00' : '+0000' } as Record<string, string>;
      return text.replace(TOKEN, (token) => shown[PARTS[token]!.name]!);
    },
  };
}

const escapeLiteral = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** What a pattern lacks, or has once too often. */
function findPatternError(names: string[], { text, kind }: { text: string; kind: 'day' | 'instant' }): string | undefined {
  const [stray] = /[YMDhmsS]/.exec(text.replace(TOKEN, ' ')) ?? [];
  if (stray) return `${stray} stands for nothing: the parts are ${Object.keys(PARTS).join(', ')}, in digits alone`;
  const needed = kind === 'day' ? DAY : [...DAY, 'hour', 'minute'];
  const missing = needed.find((name) => !names.includes(name));
  if (missing) return `a pattern of ${kind === 'day' ? 'a day' : 'an instant'} needs its ${missing} (${findToken(missing)})`;
  const twice = names.find((name, nth) => names.indexOf(name) !== nth);
  if (twice) return `${findToken(twice)} may stand only once`;
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

function parseDay(stored: string): Record<string, string> | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(stored) ?? [];
  return year === undefined ? undefined : { year, month: month!, day: day! };
}

/** In UTC, wherever it was written. */
function parseInstant(stored: string): Record<string, string> | undefined {
  if (!TEXT_TYPES.instant!.isValid(stored)) return undefined;
  const [, year, month, day, hour, minute, second, milli] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/.exec(toUtc(stored)) ?? [];
  return year === undefined ? undefined : { year, month: month!, day: day!, hour: hour!, minute: minute!, second: second!, milli: milli! };
}

/** A leap second is shown as the second before it: no calendar of ours has it. */
const toUtc = (stored: string): string => {
  const time = Date.parse(stored.replace(/(T\d\d:\d\d):60/, '$1:59'));
  return Number.isNaN(time) ? '' : new Date(time).toISOString();
};
