// What a day must be as seen from today: one that has come, or one that is so many years ago.
import type { Field } from '../lens/field.ts';
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';

const NOTHING_KNOWN: Env = { alias: () => '' };

/** Where the sun rises first it is fourteen hours later than UTC: a day that has come there has come. */
const EARLIEST_ZONE_MS = 14 * 3_600_000;

const toLatestDay = (now: string): string => new Date(Date.parse(now) + EARLIEST_ZONE_MS).toISOString().slice(0, 10);

/**
 * Whether so many years have passed since a day (YYYY-MM-DD), by the calendar in UTC: what was admitted can be told again from the day and the time of the
 * write alone. Who was born on 29 February has a birthday on 1 March where the year has no such day.
 */
const isYearsAgo = (day: string, years: number, now: string): boolean => {
  const birthday = String(Number(now.slice(0, 4)) - years).padStart(4, '0') + now.slice(4, 10);
  return day <= birthday;
};

/** Word of a field → the rule that a day breaks; undefined: none. */
const DAY_RULES: ((spec: FieldSpec, day: string, now: string) => string | false | undefined)[] = [
  ({ past }, day, now) => past && day > toLatestDay(now) && 'must not be in the future',
  ({ atLeastYears: years }, day, now) => years !== undefined && !isYearsAgo(day, years, now) && `must be at least ${years} years ago`,
];

/** What is wrong with a day that the schema admits. `now`: ISO 8601, in UTC. */
export function findDayError({ codec, spec }: Field, value: unknown, now: string): string | undefined {
  if (!spec.past && spec.atLeastYears === undefined) return undefined;
  const day = String(codec.write(value, NOTHING_KNOWN));
  return DAY_RULES.map((rule) => rule(spec, day, now)).find((text): text is string => typeof text === 'string');
}
