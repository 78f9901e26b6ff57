// Builds FHIR searches from templates with %aliases and {values}, escaped for FHIR and for a URL.
// https://hl7.org/fhir/R4/search.html#escaping
import { formatKnownNames } from '../../fhir/closest-name.ts';
import { escapeSearchValue } from '../../fhir/search/search-value.ts';
import type { Aliases } from '../../fhir/writable-path/path.ts';

/** Fills `identifier=%npi|{npi}`; several values are alternatives. Throws for an unknown alias. */
export function buildSearchText(template: string, aliases: Aliases, values: Readonly<Record<string, string | string[]>>): string {
  return template
    .replace(/%(\w+)/g, (_, name: string) => encodeUrl(resolveAlias(name, aliases)))
    .replace(/\{(\w*)\}/g, (_, name: string) =>
      [values[name] ?? '']
        .flat()
        .map((text) => encodeUrl(escapeSearchValue(text)))
        .join(','),
    );
}

/** Replaces the aliases without escaping, for people; `{}` stays. */
export const expandAliases = (template: string, aliases: Aliases): string =>
  template.replace(/%(\w+)/g, (_, name: string) => resolveAlias(name, aliases));

/** The values of `{now}` and `{in30days}` in a template. `now`: ISO 8601. Throws for any other name. */
export function resolveTimes(template: string, now: string): Record<string, string> {
  return Object.fromEntries(listPlaceholders(template).map((name) => [name, resolveTime(name, now)]));
}

function resolveTime(name: string, now: string): string {
  const [, days] = /^in(\d{1,4})days$/.exec(name) ?? [];
  if (name !== 'now' && days === undefined) throw new Error(`{${name}} is not a time: write {now}, or {in30days}`);
  return new Date(Date.parse(now) + Number(days ?? 0) * 86_400_000).toISOString();
}

/** The values of a filter: `{}`, and its times. */
export const buildFilterValues = (template: string, value: string | string[], now: string): Record<string, string | string[]> =>
  Object.fromEntries(listPlaceholders(template).map((name) => [name, name === '' ? value : resolveTime(name, now)]));

/** Sample values for a template. */
export const buildSampleValues = (template: string, sample: string): Record<string, string> =>
  Object.fromEntries(listPlaceholders(template).map((name) => [name, /^(now|in\d+days)$/.test(name) ? '2000-01-01T00:00:00Z' : sample]));

/** The names in braces of a template. */
export const listPlaceholders = (template: string): string[] => [...template.matchAll(/\{(\w*)\}/g)].map(([, name]) => name!);

function resolveAlias(name: string, aliases: Aliases): string {
  const url = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (url === undefined) throw new Error(`%${name} is not an alias of surface.yaml${formatKnownNames(name, Object.keys(aliases))}`);
  return url;
}

/** Replaces lone surrogates, which no URL can contain. */
const encodeUrl = (text: string): string => encodeURIComponent(text.toWellFormed()).replaceAll('%2F', '/').replaceAll('%3A', ':');
