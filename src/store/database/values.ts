// Conversion of values that PostgreSQL and JavaScript write differently.

const UTC = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?\+00$/;

/**
 * Converts a timestamptz of any session time zone to ISO 8601 in UTC with milliseconds: `2026-01-02 03:04:05.6+00` → `2026-01-02T03:04:05.600Z`.
 * `infinity` and `-infinity` are not changed.
 */
export function parseTimestamptz(text: string): string {
  const match = UTC.exec(text);
  if (match) return `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(3, '0')}Z`;
  return text.endsWith('infinity') ? text : new Date(text).toISOString();
}

/** Replaces characters that PostgreSQL cannot store in a text: NUL and lone surrogates. Writes and searches both use it, so that they match. */
export const toStorableText = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed();
