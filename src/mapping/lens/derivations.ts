// Values derived from a text (`derived:`): computed when the text is written, and compared when it is read, since FHIR clients may have corrected them.
import { formatPersonName, parseNameParts } from '../../fhir/person-name.ts';

export type TextParts = Record<string, string[]>;

export interface Derivation {
  /** The names of the derived values; the mapping gives each a path. */
  names: string[];
  split(text: string): TextParts;
  /** The text to show: the stored text unless the derived values contradict it. */
  compose(text: string | undefined, parts: TextParts): string | undefined;
  /** Whether the text must be stored too. */
  keepsText(text: string): boolean;
}

/** The code tables of a surface, by name: text without spaces → code. */
export type CodeTables = Readonly<Record<string, ReadonlyMap<string, string>>>;

const DERIVATIONS: Readonly<Record<string, Derivation>> = {
  personName: {
    names: ['prefix', 'given', 'family', 'suffix'],
    split: (text) => ({ ...parseNameParts(text) }),
    compose: (text, { prefix = [], given = [], family = [], suffix = [] }) => formatPersonName(text, { prefix, given, family, suffix }),
    keepsText: () => true,
  },
  /** A code in upper case; the text is stored only where it differs. */
  upper: {
    names: ['code'],
    split: (text) => ({ code: [text.toUpperCase()] }),
    compose: (text, { code = [] }) => (text?.toUpperCase() === code[0] ? text : code[0]),
    keepsText: (text) => text !== text.toUpperCase(),
  },
};

/** The names of the derivations that need no table. */
export const DERIVATION_NAMES = Object.keys(DERIVATIONS);

/** Keys of code tables are units: spaces are ignored, case is not. */
export const removeSpaces = (text: string): string => text.replace(/\s+/g, '');

/** Derives the code of a text from a table. An unknown text has no code. */
const buildTableDerivation = (table: ReadonlyMap<string, string>): Derivation => ({
  names: ['code'],
  split: (text) => ({ code: [table.get(removeSpaces(text)) ?? []].flat() }),
  compose: (text, { code = [] }) => text ?? code[0],
  keepsText: () => true,
});

/** The derivation with this name, or of a table (`table(units)`). Throws when there is none. */
export function findDerivation(as: string, tables: CodeTables = {}): Derivation {
  const name = /^table\((.*)\)$/.exec(as)?.[1];
  if (name !== undefined && Object.hasOwn(tables, name)) return buildTableDerivation(tables[name]!);
  if (Object.hasOwn(DERIVATIONS, as)) return DERIVATIONS[as]!;
  const names = [...Object.keys(DERIVATIONS), ...Object.keys(tables).map((table) => `table(${table})`)];
  throw new Error(`there is no derivation ${as}; there are ${names.join(', ')}`);
}
