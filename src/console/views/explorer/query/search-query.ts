// A search as a type and its parameters, and as the one line that people read and write (`Patient?name=ann&birthdate=ge1990`).
// https://hl7.org/fhir/R4/search.html

/** The name and the value of a parameter, decoded. */
export type Parameter = [name: string, value: string];

export interface SearchQuery {
  type: string;
  parameters: Parameter[];
}

/** Why a text is not a search. */
interface QueryProblem {
  problem: string;
}

export const isProblem = (parsed: SearchQuery | QueryProblem): parsed is QueryProblem => 'problem' in parsed;

/** Reads a line: a method and the base URL may stand before it, as in a log or in documentation. */
export function parseQueryLine(text: string, types: readonly string[]): SearchQuery | QueryProblem {
  const line = text.trim().replace(/^(?:GET|POST)\s+/i, '');
  const at = line.indexOf('?');
  const path = (at < 0 ? line : line.slice(0, at)).replace(/^.*\/R4(?=\/)/, '').replace(/^\/+|(?:\/_search)?\/*$/g, '');
  if (path === '') return { problem: 'Begin with a resource type: Patient?name=ann' };
  if (path.includes('/')) return { problem: `A search begins with a resource type and a question mark. ${path} is another path.` };
  if (!types.includes(path)) return { problem: describeUnknownType(path, types) };
  const pairs =
    at < 0
      ? []
      : line
          .slice(at + 1)
          .split('&')
          .filter((pair) => pair !== '');
  const nameless = pairs.find((pair) => pair.startsWith('='));
  if (nameless !== undefined) return { problem: `${nameless} has no parameter name before the equals sign.` };
  return { type: path, parameters: pairs.map(readPair) };
}

function describeUnknownType(path: string, types: readonly string[]): string {
  const like = types.find((type) => type.toLowerCase() === path.toLowerCase()) ?? types.find((type) => type.startsWith(path));
  return `There is no resource type ${path} here.${like === undefined ? '' : ` Did you mean ${like}?`}`;
}

function readPair(pair: string): Parameter {
  const at = pair.indexOf('=');
  return at < 0 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
}

/** A percent sign that begins no escape stands for itself: the line is written by hand. */
function decode(text: string): string {
  const spaced = text.replace(/\+/g, ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced.replace(/(?:%[0-9a-f]{2})+/gi, decodeEscapes);
  }
}

function decodeEscapes(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
}

/** What a line cannot contain as it is: separators, escapes, what browsers and servers treat specially, and characters that are not seen. */
const ESCAPED = /[%&+#"<>\\^`{}\s\p{C}]|=/gu;

const encode = (text: string, escapeEquals: boolean): string =>
  text.toWellFormed().replace(ESCAPED, (character) => (character === '=' && !escapeEquals ? '=' : encodeURIComponent(character)));

/** The line of a search. Only what would change its meaning is escaped, so that it can be read. */
export function formatQueryLine({ type, parameters }: SearchQuery): string {
  const pairs = parameters.map(([name, value]) => `${encode(name, true)}=${encode(value, false)}`);
  return pairs.length ? `${type}?${pairs.join('&')}` : type;
}
