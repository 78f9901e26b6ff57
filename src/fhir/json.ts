// Parses and writes JSON with the exact digits of decimals: `1.00` and `1e-3` stay unchanged when a resource is stored or edited.
// https://hl7.org/fhir/R4/json.html#decimal ("the precision of decimals is significant"). A number that JavaScript would write differently is kept as raw JSON.
import { invalidStructure } from './outcome.ts';

/** A text parsed twice. `plain`: with JavaScript numbers, for validation and indexing. `exact`: with raw JSON for numbers whose digits JavaScript would change, for storing. */
export interface ParsedJson {
  plain: unknown;
  exact: unknown;
}

/** The start of a string, or a number, in well-formed JSON. The end of a string is found without a regular expression, which would need memory for each character. */
const TOKENS = /"|-?\d[\d.eE+-]*/g;
const COLON = /\s*:/y;
const BACKSLASH = 92;
/** The most levels of objects and lists in a body. */
export const DEEPEST = 200;

const keepDigits = (_key: string, value: unknown, context?: { source: string }): unknown =>
  typeof value === 'number' && context !== undefined && JSON.stringify(value) !== context.source ? JSON.rawJSON(context.source) : value;

/** Parses a JSON text. Malformed text, repeated object keys and too deep nesting are refused (400 structure). */
export function parseJson(text: string): ParsedJson {
  const plain = parsePlainJson(text);
  const { keys, respelled } = scanJson(text);
  if (keys !== countKeys(plain)) throw invalidStructure('each key of a JSON object may occur only once');
  return { plain, exact: respelled ? parseWithDigits(text) : plain };
}

/** Parses well-formed JSON (a stored body) with exact digits. */
export function parseExactJson(text: string): unknown {
  return scanJson(text).respelled ? parseWithDigits(text) : JSON.parse(text);
}

/** The JSON text of a value. Raw numbers keep their digits. */
export const stringifyJson = (value: unknown): string => JSON.stringify(value);

/** Converts raw numbers into JavaScript numbers. */
export function toPlainJson(exact: unknown): unknown {
  if (JSON.isRawJSON(exact)) return Number(exact.rawJSON);
  if (Array.isArray(exact)) return exact.map(toPlainJson);
  if (exact === null || typeof exact !== 'object') return exact;
  return Object.fromEntries(Object.entries(exact).map(([key, value]) => [key, toPlainJson(value)]));
}

const parseWithDigits = (text: string): unknown => JSON.parse(text, keepDigits);

function parsePlainJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidStructure('the body is not well-formed JSON');
  }
}

/** Counts the keys of a text, and tests whether a JavaScript number would change the digits of a number. */
function scanJson(text: string): { keys: number; respelled: boolean } {
  let keys = 0;
  let respelled = false;
  TOKENS.lastIndex = 0;
  for (let token = TOKENS.exec(text)?.[0]; token !== undefined; token = TOKENS.exec(text)?.[0]) {
    if (token === '"') {
      COLON.lastIndex = TOKENS.lastIndex = findStringEnd(text, TOKENS.lastIndex);
      if (COLON.test(text)) keys++;
    } else respelled ||= String(Number(token)) !== token;
  }
  return { keys, respelled };
}

/** The position after the quote that ends a string, which has an even number of backslashes before it. */
function findStringEnd(text: string, begin: number): number {
  for (let quote = text.indexOf('"', begin); ; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (before > begin && text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((quote - before) % 2 === 0) return quote + 1;
  }
}

/** Counts the keys of a value. Too deep nesting is refused. */
function countKeys(value: unknown, depth = 0): number {
  if (value === null || typeof value !== 'object') return 0;
  if (depth > DEEPEST) throw invalidStructure(`the body is nested more than ${DEEPEST} levels deep`);
  let keys = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) keys += countKeys(item, depth + 1);
  return keys;
}
