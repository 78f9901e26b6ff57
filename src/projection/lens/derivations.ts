// Parts that follow from a text: computed when the text changes, and asked when the text is shown, because somebody may have corrected them.
import { type NameParts, nameParts, nameText } from './person-name.ts';

export type Parts = Record<string, string[]>;

export interface Derivation {
  /** The names of the parts; each has a path of its own in the mapping. */
  names: string[];
  partsOf(text: string): Parts;
  /** The text to show: the stored one while the parts do not contradict it. */
  textOf(text: string | undefined, parts: Parts): string | undefined;
  /** Whether the text must be stored beside its parts. */
  keepsText(text: string): boolean;
}

export const DERIVATIONS: Readonly<Record<string, Derivation>> = {
  personName: {
    names: ['prefix', 'given', 'family', 'suffix'],
    partsOf: (text) => ({ ...nameParts(text) }),
    textOf: (text, parts) => nameText(text, parts as unknown as NameParts),
    keepsText: () => true,
  },
  /** A code in upper case, and the text as it was sent where that differs. */
  upper: {
    names: ['code'],
    partsOf: (text) => ({ code: [text.toUpperCase()] }),
    textOf: (text, { code = [] }) => (text?.toUpperCase() === code[0] ? text : code[0]),
    keepsText: (text) => text !== text.toUpperCase(),
  },
};
