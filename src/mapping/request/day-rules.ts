// Rules for days relative to today: not in the future (`past:`), or at least some years ago (`atLeastYears:`).

import type { Field } from '../lens/field.ts';
import { EMPTY_ENV } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';

/** The earliest time zone is 14 hours ahead of UTC. */
const EARLIEST_ZONE_MS = 14 * 3_600_000;

const toLatestDay = (now: string): string => new Date(Date.parse(now) + EARLIEST_ZONE_MS).toISOString().slice(0, 10);

/**
 * Whether so many calendar years have passed since a day (YYYY-MM-DD), in UTC, so that the result can be reproduced from the day and the time of the write.
 * The anniversary of 29 February is 1 March in other years.
 */
const isYearsAgo = (day: string, years: number, now: string): boolean => {
  const birthday = String(Number(now.slice(0, 4)) - years).padStart(4, '0') + now.slice(4, 10);
  return day <= birthday;
};

/** Each rule returns the error, or a falsy value. */
const DAY_RULES: ((spec: FieldSpec, day: string, now: string) => string | false | undefined)[] = [
  ({ past }, day, now) => past && day > toLatestDay(now) && 'must not be in the future',
  ({ atLeastYears: years }, day, now) => years !== undefined && !isYearsAgo(day, years, now) && `must be at least ${years} years ago`,
];

/** The error in a valid day; undefined: none. `now`: ISO 8601, in UTC. */
export function findDayError({ codec, spec }: Field, value: unknown, now: string): string | undefined {
  if (!spec.past && spec.atLeastYears === undefined) return undefined;
  const day = String(codec.write(value, EMPTY_ENV));
  return DAY_RULES.map((rule) => rule(spec, day, now)).find((text): text is string => typeof text === 'string');
}
