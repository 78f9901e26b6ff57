// The differences between two values, each as a sentence that begins with its path.
import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../../fhir/json-values.ts';

/** The maximum number of reported differences. */
const MAX_DIFFERENCES = 5;
/** Longer values are truncated. */
const MAX_VALUE_LENGTH = 80;

/** The differences; none when the values are equal. An undefined property counts as missing. */
export const findDifferences = (actual: unknown, expected: unknown, place: string): string[] =>
  compareValues({ actual, expected, place, exact: true }).slice(0, MAX_DIFFERENCES);

/** The same, where the expected value may have fewer properties. */
export const findMissing = (actual: unknown, expected: unknown, place: string): string[] =>
  compareValues({ actual, expected, place, exact: false }).slice(0, MAX_DIFFERENCES);

interface Pair {
  actual: unknown;
  expected: unknown;
  place: string;
  exact: boolean;
}

function compareValues(pair: Pair): string[] {
  const { actual, expected, place } = pair;
  if (Array.isArray(actual) && Array.isArray(expected)) return compareLists({ ...pair, actual, expected });
  if (isObject(actual) && isObject(expected)) return compareObjects({ ...pair, actual, expected });
  return isDeepStrictEqual(actual, expected) ? [] : [`${place} is ${formatValue(actual)}, not ${formatValue(expected)}`];
}

interface Lists {
  actual: unknown[];
  expected: unknown[];
}

function compareLists({ actual, expected, place, exact }: Pair & Lists): string[] {
  if (actual.length !== expected.length) return [describeLengths({ actual, expected }, place)];
  return actual.flatMap((item, at) => compareValues({ actual: item, expected: expected[at], place: `${place}[${at}]`, exact }));
}

/** For lists of texts: which are additional, and which are missing. */
function describeLengths({ actual, expected }: Lists, place: string): string {
  if (![...actual, ...expected].every((item) => typeof item === 'string'))
    return `${place} is ${formatValue(actual)}, not ${formatValue(expected)}`;
  const more = actual.filter((item) => !expected.includes(item));
  const less = expected.filter((item) => !actual.includes(item));
  return [place, more.length && `has ${more.join('; ')} too many`, less.length && `lacks ${less.join('; ')}`].filter(Boolean).join(' ');
}

interface Objects {
  actual: Record<string, unknown>;
  expected: Record<string, unknown>;
}

function compareObjects({ actual, expected, place, exact }: Pair & Objects): string[] {
  const keys = new Set([...Object.keys(expected), ...(exact ? Object.keys(actual) : [])]);
  return [...keys].flatMap((key) => compareValues({ actual: actual[key], expected: expected[key], place: `${place}.${key}`, exact }));
}

function formatValue(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
}
