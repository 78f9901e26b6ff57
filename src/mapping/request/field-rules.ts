// Rules of fields that a schema cannot state: days relative to today (past:, atLeastYears:), pairs of fields (unlike:, needs:, notBefore:), and conflicts between second
// names (shares:) and alternative forms (instead:).

import { isDeepStrictEqual } from 'node:util';
import { parseDateRange } from '../../fhir/date-range.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import type { Field } from '../lens/field.ts';
import type { Lens } from '../lens/lens.ts';
import { isUnset } from '../lens/lens-read.ts';
import { EMPTY_ENV, type View } from '../shape.ts';

/** The earliest time zone is 14 hours ahead of UTC. */
const EARLIEST_ZONE_MS = 14 * 3_600_000;

/**
 * Whether so many calendar years have passed since a day (YYYY-MM-DD), in UTC, so that the result can be reproduced from the day and the time of the write.
 * The anniversary of 29 February is 1 March in other years.
 */
const isYearsAgo = (day: string, years: number, now: string): boolean => {
  const birthday = String(Number(now.slice(0, 4)) - years).padStart(4, '0') + now.slice(4, 10);
  return day <= birthday;
};

/** The error in a valid day; undefined: none. `now`: ISO 8601, in UTC. */
export function findDayError({ codec, spec: { past, atLeastYears: years } }: Field, value: unknown, now: string): string | undefined {
  if (!past && years === undefined) return undefined;
  const day = String(codec.write(value, EMPTY_ENV));
  const latest = new Date(Date.parse(now) + EARLIEST_ZONE_MS).toISOString().slice(0, 10);
  if (past && day > latest) return 'must not be in the future';
  return years === undefined || isYearsAgo(day, years, now) ? undefined : `must be at least ${years} years ago`;
}

/** The errors between a field and the fields that it names, to complete "<field> …". */
export const checkFieldPairs = (field: Field, view: View): string[] => [
  ...checkUnlike(field, view),
  ...(lacksNeededField(field, view) ? [`must not be set without ${field.spec.needs}`] : []),
  ...checkNotBefore(field, view),
];

/** The errors of a field that the request does not have, when the request changes a field that its rule names. */
export const checkUnsentFieldPairs = (field: Field, view: View, body: View): [field: string, text: string][] => {
  const { needs } = field.spec;
  if (needs !== undefined && needs in body && lacksNeededField(field, view)) return [[needs, `must be set while there is ${field.name}`]];
  return refersToAny(field, body) ? checkFieldPairs(field, view).map((text) => [field.name, text]) : [];
};

/** Whether a rule of the field names a field of the view. */
const refersToAny = ({ spec: { unlike, needs, notBefore } }: Field, view: View): boolean =>
  [unlike, needs, notBefore].some((name) => name !== undefined && name in view);

/** `unlike:` the stored values must differ. */
function checkUnlike({ codec, name, spec: { unlike } }: Field, view: View): string[] {
  const [value, other] = [view[name] ?? undefined, unlike === undefined ? undefined : (view[unlike] ?? undefined)];
  if (value === undefined || other === undefined || codec.write(value, EMPTY_ENV) !== codec.write(other, EMPTY_ENV)) return [];
  return [`must not be the same as ${unlike}`];
}

/** `needs:` a field that requires another one: the second line of an address requires the first. */
const lacksNeededField = ({ name, spec: { needs } }: Field, view: View): boolean =>
  needs !== undefined && !isAbsent(view[name]) && isAbsent(view[needs]);

/** `notBefore:` an end must not precede its start; a day ends at midnight. Invalid dates are reported elsewhere. */
function checkNotBefore({ name, spec: { notBefore } }: Field, view: View): string[] {
  const [end, start] = [notBefore && parseDateRange(String(view[name] ?? '')), notBefore && parseDateRange(String(view[notBefore] ?? ''))];
  return end && start && end.to <= start.from ? [`must not be before ${notBefore}`] : [];
}

const isAbsent = (value: unknown): boolean => isUnset(value) || value === false || (typeof value === 'string' && value.trim() === '');

/** Finds pairs of fields with different values for one path; null is a value too. */
export function buildConflictCheck(lens: Lens): (view: View) => Issue[] {
  const pairs = lens.fields.flatMap(({ name, spec: { shares } }) => (shares === undefined ? [] : [[name, shares] as const]));
  const forms = lens.fields.flatMap(({ name, spec: { instead } }) => (instead === undefined ? [] : [[name, instead] as const]));
  return (body) => [
    ...pairs
      .filter((pair) => pair.every((name) => name in body) && !agreeWhenCombined(lens, body, pair))
      .map(([name, shares]) => issue('invalid', `${name} must agree with ${shares}, or be left out`, name)),
    ...forms
      .filter((pair) => pair.every((name) => !isUnset(body[name])))
      .map(([name, instead]) => issue('invalid', `${name} must be left out if ${instead} is sent`, name)),
  ];
}

/** Whether both fields, written together, show the same as when written alone. */
function agreeWhenCombined(lens: Lens, body: View, names: readonly string[]): boolean {
  const unset = names.filter((name) => isUnset(body[name]));
  if (unset.length) return unset.length === names.length;
  const viewAfter = (...fieldNames: readonly string[]): View => {
    const resource = lens.write(Object.fromEntries(fieldNames.map((name) => [name, body[name]])), undefined, EMPTY_ENV);
    return lens.read(resource, EMPTY_ENV, { all: true });
  };
  const combined = viewAfter(...names);
  return names.every((name) => isDeepStrictEqual(combined[name], viewAfter(name)[name]));
}
