// Texts that several string parameters of a resource have in common: `family` and `name` have the family name, `address-city` and `address` the town. Such a text
// is one row, that of the parameter with the narrowest expression. docs/decisions/0058-fewer-index-entries.md
import { hashParameterName } from '../hash.ts';
import type { ParameterNumber, StringRow } from './rows.ts';

/**
 * `rows`: the parameters that may have the rows of a parameter's texts. `bit`: the bit of such a row that says that the parameter has the text. The next two
 * bits mark its least and its greatest text. The bits belong to the type. `isOrdered`: the least and the greatest text have rows of their own, so that an index
 * has the order of the parameter.
 */
export interface SharedTexts {
  rows: ParameterNumber[];
  bit: number;
  isOrdered: boolean;
}

export const lowBit = ({ bit }: SharedTexts): number => bit << 1;
export const highBit = ({ bit }: SharedTexts): number => bit << 2;

/** The column is a signed 32-bit number. */
const MAX_SHARING = 10;
const BITS = 3;
/** A search reads the rows of so many other parameters at most. */
const MAX_ROWS = 8;

/** `infix`: the parameter is for searches of substrings, and rarely for sorting. */
interface StringDefinition {
  code: string;
  expression: string;
  infix?: boolean;
}

/** Code → sharing, for the string parameters of a type that share rows. */
export function assignSharedTexts(type: string, definitions: readonly StringDefinition[]): ReadonlyMap<string, SharedTexts> {
  const found = new Map<string, SharedTexts>();
  const ranked = definitions
    .map(({ code, expression, infix = false }) => ({
      code,
      expression,
      isOrdered: !infix,
      depth: findDepth(expression),
      elements: listElements(type, expression),
    }))
    .sort((a, b) => b.depth - a.depth);
  for (const [at, { code, expression, isOrdered, depth, elements }] of ranked.entries()) {
    // a path shares with the paths below it, so that each of those keeps its own rows; any other expression with all that read the same elements
    const narrower = ranked
      .slice(0, at)
      .filter((other) =>
        depth > 0 ? other.expression.startsWith(`${expression}.`) : other.elements.some((element) => elements.includes(element)),
      );
    if (!narrower.length || narrower.length > MAX_ROWS || found.size === MAX_SHARING) continue;
    const rows = narrower.map((other) => hashParameterName(`${type}.${other.code}`));
    found.set(code, { rows, bit: 1 << (BITS * found.size), isOrdered });
  }
  return found;
}

const PATH = /^[A-Za-z]+(\.[A-Za-z]+)+$/;

/** The steps of a path; 0 for an expression that is not a path. */
const findDepth = (expression: string): number => (PATH.test(expression) ? expression.split('.').length : 0);

/** The elements of the type that an expression names. */
const listElements = (type: string, expression: string): string[] =>
  [...expression.matchAll(new RegExp(`\\b${type}\\.(\\w+)`, 'g'))].map(([, element]) => element!);

/** The rows of a resource, without those whose text is in a row of another parameter. `sharing`: the parameters that share, in the order of their bits. */
export function shareTexts(strings: StringRow[], sharing: readonly [ParameterNumber, SharedTexts][]): StringRow[] {
  let rows = strings;
  for (const [number, shared] of sharing) {
    const homes = findHomes(rows, shared);
    rows = rows.filter((row) => {
      if (row.parameter !== number || (shared.isOrdered && (row.low || row.high))) return true;
      const home = homes.get(toTextKey(row));
      if (!home) return true;
      home.shared = (home.shared ?? 0) | toBits(row, shared);
      home.infix ||= row.infix;
      return false;
    });
  }
  return rows;
}

/** Text → the first row that has it. A map, because a resource may have thousands of texts. */
const findHomes = (rows: StringRow[], shared: SharedTexts): Map<string, StringRow> =>
  new Map(
    rows
      .filter(({ parameter }) => shared.rows.includes(parameter))
      .toReversed()
      .map((row) => [toTextKey(row), row]),
  );

const toTextKey = ({ norm, spelling }: StringRow): string => `${spelling} ${norm}`;

const toBits = ({ low, high }: StringRow, shared: SharedTexts): number =>
  shared.bit | (low ? lowBit(shared) : 0) | (high ? highBit(shared) : 0);
