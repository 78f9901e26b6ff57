// Parts that follow from a text: computed when the text changes, and asked when the text is shown, because somebody may have corrected them.
import { formatPersonName, type NameParts, parseNameParts } from '../../fhir/person-name.ts';

export type TextParts = Record<string, string[]>;

export interface Derivation {
  /** The names of the parts; each has a path of its own in the mapping. */
  names: string[];
  split(text: string): TextParts;
  /** The text to show: the stored one while the parts do not contradict it. */
  compose(text: string | undefined, parts: TextParts): string | undefined;
  /** Whether the text must be stored beside its parts. */
  keepsText(text: string): boolean;
}

/** Tables of a surface, by name: a text without its spaces → the code it stands for. */
export type CodeTables = Readonly<Record<string, ReadonlyMap<string, string>>>;

const DERIVATIONS: Readonly<Record<string, Derivation>> = {
  personName: {
    names: ['prefix', 'given', 'family', 'suffix'],
    split: (text) => ({ ...parseNameParts(text) }),
    compose: (text, parts) => formatPersonName(text, parts as unknown as NameParts),
    keepsText: () => true,
  },
  /** A code in upper case, and the text as it was sent where that differs. */
  upper: {
    names: ['code'],
    split: (text) => ({ code: [text.toUpperCase()] }),
    compose: (text, { code = [] }) => (text?.toUpperCase() === code[0] ? text : code[0]),
    keepsText: (text) => text !== text.toUpperCase(),
  },
};

/** Spaces mean nothing in what a table is asked for (a unit); case does. */
export const removeSpaces = (text: string): string => text.replace(/\s+/g, '');

/** The code that a table has for a text, beside the text. One that the table does not have is a text alone. */
const buildTableDerivation = (table: ReadonlyMap<string, string>): Derivation => ({
  names: ['code'],
  split: (text) => ({ code: [table.get(removeSpaces(text)) ?? []].flat() }),
  compose: (text, { code = [] }) => text ?? code[0],
  keepsText: () => true,
});

/** The derivation of this name, or that of a table, `table(units)`. An Error when there is none. */
export function findDerivation(as: string, tables: CodeTables = {}): Derivation {
  const name = /^table\((.*)\)$/.exec(as)?.[1];
  if (name !== undefined && Object.hasOwn(tables, name)) return buildTableDerivation(tables[name]!);
  if (Object.hasOwn(DERIVATIONS, as)) return DERIVATIONS[as]!;
  const there = [...Object.keys(DERIVATIONS), ...Object.keys(tables).map((one) => `table(${one})`)];
  throw new Error(`there is no derivation ${as}; there are ${there.join(', ')}`);
}
