// FHIR searches as the mappings write them: parameters with %aliases and {values} to be put in, escaped for FHIR and for a URL.
// https://hl7.org/fhir/R4/search.html#escaping
import { didYouMean } from '../fhir/closest-name.ts';
import type { Aliases } from '../fhir/path/path.ts';

/** Puts aliases and values into `identifier=%npi|{npi}`. A %name that is no alias is an Error. */
export function searchText(template: string, aliases: Aliases, values: Readonly<Record<string, string>>): string {
  return template
    .replace(/%(\w+)/g, (_, name: string) => encoded(aliasOf(name, aliases)))
    .replace(/\{(\w*)\}/g, (_, name: string) => encoded(escaped(values[name] ?? '')));
}

/** The names of the values a search asks for. */
export const valuesIn = (template: string): string[] => [...template.matchAll(/\{(\w*)\}/g)].map(([, name]) => name!);

function aliasOf(name: string, aliases: Aliases): string {
  const url = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  if (url === undefined) throw new Error(`%${name} is not an alias of surface.yaml${didYouMean(name, Object.keys(aliases))}`);
  return url;
}

const escaped = (value: string): string => value.replace(/[\\,$|]/g, '\\$&');

/** Half characters are replaced: no URL can carry them, and no text in the store has them either. */
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed()).replaceAll('%2F', '/').replaceAll('%3A', ':');
