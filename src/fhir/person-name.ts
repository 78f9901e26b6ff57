// Derives the parts of a person's name from its text, and the text from its parts. The parts are a guess and never replace the text.
// https://hl7.org/fhir/R4/datatypes.html#HumanName
import { isDeepStrictEqual } from 'node:util';
import { isObject, readMember, toObject } from './json-values.ts';

interface NameParts {
  prefix: string[];
  given: string[];
  family: string[];
  suffix: string[];
}

const HONORIFIC = /^(?:dr|doctor|prof|professor|mr|mrs|ms|miss|mx|sir|dame|rev)\.?$/i;
const POSTNOMINAL =
  /^(?:m\.?d|d\.?o|n\.?p|p\.?a(?:-c)?|r\.?n|aprn|fnp(?:-c)?|dnp|ph\.?d|mph|mba|mbbs|mbchb|facp|facs|facog|mrcgp|mrcp|frcp|drcog|esq|jr|sr|ii|iii|iv)\.?$/i;
/** Words at the start of a family name. */
const PARTICLE = /^(?:de|del|della|di|da|dos|du|la|le|van|von|der|den|ter|ten|bin|ibn|al|el|st\.?)$/i;

/** The parts of `Dr. Maria de la Cruz, MD` or `Cruz, Maria`. A single word is a family name. */
export function parseNameParts(text: string): NameParts {
  const [main = [], ...after] = text.split(',').map((part) => part.split(/\s+/).filter(Boolean));
  const isTitle = (word: string): boolean => POSTNOMINAL.test(word) || (isCapitals(word) && !main.every(isCapitals));
  const familyFirst = after.length > 0 && !after[0]!.every(isTitle);
  const called = familyFirst ? after[0]! : [];
  const words = [...called, ...main];
  const prefix = words.splice(
    0,
    words.findIndex((word, at) => !HONORIFIC.test(word) || at === words.length - 1),
  );
  const suffix = [...takeSuffixes(words), ...after.slice(familyFirst ? 1 : 0).flat()];
  const cut = findFamilyStart(words, familyFirst ? called.length - prefix.length : words.length - 1);
  return { prefix, given: words.slice(0, cut), family: [words.slice(cut).join(' ')].filter(Boolean), suffix };
}

/** Adds the parts that its text implies to a HumanName without given and family name. Other names are returned unchanged. */
export function addNameParts(name: unknown): unknown {
  if (!isObject(name) || name.given !== undefined || name.family !== undefined || typeof name.text !== 'string') return name;
  const { family, ...lists } = parseNameParts(name.text);
  const parts = Object.entries({ ...lists, family: family[0] ?? [] }).filter(([, value]) => value.length);
  return { ...Object.fromEntries(parts), ...name };
}

/** Removes the parts that the text of an edited name implies. `stored`: the name before the edit. */
export function removeDerivedNameParts(edited: unknown, stored: unknown): unknown {
  const found = addNameParts(stored);
  if (found === stored || edited === undefined) return edited;
  const isDerived = ([name, value]: [string, unknown]): boolean =>
    readMember(stored, name) === undefined && isDeepStrictEqual(value, readMember(found, name));
  const reduced = Object.fromEntries(Object.entries(toObject(edited) ?? {}).filter((entry) => !isDerived(entry)));
  return isDeepStrictEqual(addNameParts(reduced), edited) ? reduced : edited;
}

const isCapitals = (word: string): boolean => word.length > 1 && word === word.toUpperCase();

/** Removes the post-nominals at the end, and returns them. At least one word stays. */
function takeSuffixes(words: string[]): string[] {
  const suffix: string[] = [];
  while (words.length > 1 && POSTNOMINAL.test(words.at(-1)!)) suffix.unshift(words.pop()!);
  return suffix;
}

function findFamilyStart(words: string[], from: number): number {
  let cut = Math.max(from, 0);
  while (cut > 1 && PARTICLE.test(words[cut - 1]!)) cut--;
  return cut;
}

/** The text of a name: the stored text if no part contradicts it, otherwise a text built from the parts. */
export function formatPersonName(text: string | undefined, parts: NameParts): string | undefined {
  const { prefix, given, family, suffix } = parts;
  const all = [...prefix, ...given, ...family];
  if (text !== undefined && (containsAllParts(text, [...all, ...suffix]) || isDeepStrictEqual(parseNameParts(text), parts))) return text;
  return [all.join(' '), ...suffix].filter(Boolean).join(', ') || text;
}

/** Whether the text contains every part, regardless of spaces. */
function containsAllParts(text: string, parts: string[]): boolean {
  if (parts.every((part) => text.includes(part))) return true;
  const spaced = text.replace(/\s+/g, ' ');
  return parts.every((part) => spaced.includes(part));
}
