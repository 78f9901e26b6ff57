// FHIR searches as the mappings write them: parameters with %aliases and {values} to be put in, escaped for FHIR and for a URL.
// https://hl7.org/fhir/R4/search.html#escaping
import { formatKnownNames } from '../../fhir/closest-name.ts';
import type { Aliases } from '../../fhir/writable-path/path.ts';

/** Puts aliases and values into `identifier=%npi|{npi}`; of several values any is met. A %name that is no alias is an Error. */
export function buildSearchText(template: string, aliases: Aliases, values: Readonly<Record<string, string | string[]>>): string {
  return template
    .replace(/%(\w+)/g, (_, name: string) => encodeUrl(resolveAlias(name, aliases)))
    .replace(/\{(\w*)\}/g, (_, name: string) =>
      [values[name] ?? '']
        .flat()
        .map((one) => encodeUrl(escapeFhir(one)))
        .join(','),
    );
}

/** A search with its aliases put in as they are, to be read; `{}` stays. */
export const expandAliases = (template: string, aliases: Aliases): string =>
  template.replace(/%(\w+)/g, (_, name: string) => resolveAlias(name, aliases));

/** The times that a search asks for by name: `{now}`, and `{in30days}` so many days later. `now`: ISO 8601. Any other name is an Error. */
export function resolveTimes(template: string, now: string): Record<string, string> {
  return Object.fromEntries(listPlaceholders(template).map((name) => [name, resolveTime(name, now)]));
}

function resolveTime(name: string, now: string): string {
  const [, days] = /^in(\d{1,4})days$/.exec(name) ?? [];
  if (name !== 'now' && days === undefined) throw new Error(`{${name}} is no time: write {now}, or {in30days}`);
  return new Date(Date.parse(now) + Number(days ?? 0) * 86_400_000).toISOString();
}

/** The values of a filter: its own (`{}`), and the times that it asks for. */
export const buildFilterValues = (template: string, value: string | string[], now: string): Record<string, string | string[]> =>
  Object.fromEntries(listPlaceholders(template).map((name) => [name, name === '' ? value : resolveTime(name, now)]));

/** Values that a search could have: this one, and a time where it asks for one by name. */
export const buildSampleValues = (template: string, sample: string): Record<string, string> =>
  Object.fromEntries(listPlaceholders(template).map((name) => [name, /^(now|in\d+days)$/.test(name) ? '2000-01-01T00:00:00Z' : sample]));

/** The names of the values a search asks for. */
export const listPlaceholders = (template: string): string[] => [...template.matchAll(/\{(\w*)\}/g)].map(([, name]) => name!);

function resolveAlias(name: string, aliases: Aliases): string {
  const url = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (url === undefined) throw new Error(`%${name} is not an alias of surface.yaml${formatKnownNames(name, Object.keys(aliases))}`);
  return url;
}

const escapeFhir = (value: string): string => value.replace(/[\\,$|]/g, '\\$&');

/** Half characters are replaced: no URL can carry them, and no text in the store has them either. */
const encodeUrl = (text: string): string => encodeURIComponent(text.toWellFormed()).replaceAll('%2F', '/').replaceAll('%3A', ':');
