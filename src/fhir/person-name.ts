// A person's name as one text, and its parts: a best guess for those who need parts, never a replacement of the text.
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
/** Words a family name begins with. */
const PARTICLE = /^(?:de|del|della|di|da|dos|du|la|le|van|von|der|den|ter|ten|bin|ibn|al|el|st\.?)$/i;

/** Splits `Dr. Maria de la Cruz, MD` and `Cruz, Maria`. A single word is a family name. */
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

/** A HumanName without a given and a family name, with the parts that its text says; any other as it is. */
export function addNameParts(name: unknown): unknown {
  if (!isObject(name) || typeof name.text !== 'string' || name.given !== undefined || name.family !== undefined) return name;
  const { family, ...lists } = parseNameParts(name.text);
  const parts = Object.entries({ ...lists, family: family[0] ?? [] }).filter(([, value]) => value.length);
  return { ...Object.fromEntries(parts), ...name };
}

/** A name that was edited with its parts, without those that its text still says. `stored`: the name before. */
export function removeDerivedNameParts(edited: unknown, stored: unknown): unknown {
  const found = addNameParts(stored);
  if (found === stored || edited === undefined) return edited;
  const isDerived = ([name, value]: [string, unknown]): boolean =>
    readMember(stored, name) === undefined && isDeepStrictEqual(value, readMember(found, name));
  const bare = Object.fromEntries(Object.entries(toObject(edited) ?? {}).filter((entry) => !isDerived(entry)));
  return isDeepStrictEqual(addNameParts(bare), edited) ? bare : edited;
}

const isCapitals = (word: string): boolean => word.length > 1 && word === word.toUpperCase();

/** Takes the post-nominals off the end, one word stays. */
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

/** The text that names the person: the stored one while no part contradicts it, otherwise one made of the parts. */
export function formatPersonName(text: string | undefined, parts: NameParts): string | undefined {
  const { prefix, given, family, suffix } = parts;
  const all = [...prefix, ...given, ...family];
  if (text !== undefined && (containsAllParts(text, [...all, ...suffix]) || isDeepStrictEqual(parseNameParts(text), parts))) return text;
  return [all.join(' '), ...suffix].filter(Boolean).join(', ') || text;
}

/** Every part stands in the text, however that is spaced. */
function containsAllParts(text: string, parts: string[]): boolean {
  if (parts.every((part) => text.includes(part))) return true;
  const spaced = text.replace(/\s+/g, ' ');
  return parts.every((part) => spaced.includes(part));
}
