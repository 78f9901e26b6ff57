// The kinds of query parameters, and the rules for their values: formats and spans of days.
import { invalidParameter } from '../../fhir/outcome.ts';
import { findFormatError } from '../request/body-check.ts';
import type { SearchSpec, ValueSpec } from '../spec.ts';

/** The spec of a parameter with a value; undefined: `words:` or `everyWord:`. */
export function toValueSpec(spec: SearchSpec): ValueSpec | undefined {
  if (typeof spec === 'string') return { fhir: spec };
  return 'words' in spec || 'everyWord' in spec ? undefined : spec;
}

/** The search templates of a parameter, with `{}` for its value. */
export function listSearches(spec: SearchSpec): string[] {
  if (typeof spec === 'object' && 'words' in spec) return Object.values(spec.words).filter(Boolean);
  if (typeof spec === 'object' && 'everyWord' in spec) return [spec.everyWord];
  const { fhir, whenIs } = toValueSpec(spec) ?? {};
  return [fhir ?? [], whenIs?.defaultBrand ?? []].flat();
}

/** Normalises case: `as: upper` in upper case, UUIDs in lower case (https://www.rfc-editor.org/rfc/rfc9562#section-4). */
export function normalizeParameter(spec: SearchSpec, value: string): string {
  const { as, format } = toValueSpec(spec) ?? {};
  if (as === 'upper') return value.trim().toUpperCase();
  return format === 'uuid' ? value.toLowerCase() : value;
}

/** Refuses a text without the format. */
export function assertFormat(name: string, { format }: ValueSpec, value: string): void {
  const fault = format === undefined ? undefined : findFormatError(format, value);
  if (fault !== undefined) throw invalidParameter(`${name} ${fault}`, name);
}

const DAY_MS = 86_400_000;

/** Refuses a day before the other one, or too many days after it. Days are YYYY-MM-DD; invalid days are refused elsewhere. */
export function assertSpan(name: string, { span }: ValueSpec, { day, from }: { day: string; from: string }): void {
  if (!span) return;
  const days = (Date.parse(day) - Date.parse(from)) / DAY_MS;
  if (days < 0) throw invalidParameter(`${name} must not be before ${span.from}`, name);
  if (days > span.days) throw invalidParameter(`${name} must be at most ${span.days} days after ${span.from}`, name);
}
