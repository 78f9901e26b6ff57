// The parameters of a URL. Express' own parser is off: it makes objects of names with brackets.
import { invalidParameter } from '../../fhir/outcome.ts';

/** Names and values in order, percent-decoded once, `+` a space. */
export function parseQuery(url: string): [name: string, value: string][] {
  const at = url.indexOf('?');
  return at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1))];
}

/** Each of these at most once, and no others: what would be left out of account is refused, since the answer would not be the one asked for. */
export function parseKnownParameters(url: string, names: string[]): Record<string, string> {
  const given = parseQuery(url);
  const foreign = given.find(([name]) => !names.includes(name));
  if (foreign)
    throw invalidParameter(`${toPrintableName(foreign[0])} is no parameter here${names.length ? `, which takes ${names.join(', ')}` : ''}`);
  const twice = names.find((name) => given.filter(([own]) => own === name).length > 1);
  if (twice !== undefined) throw invalidParameter(`${twice} may stand only once`, twice);
  return Object.fromEntries(given);
}

/** What looks like a name is repeated; anything else may be somebody's data. */
const toPrintableName = (name: string): string => (/^[a-z][a-z_.-]{0,40}$/i.test(name) ? name : 'one of the names in the URL');
