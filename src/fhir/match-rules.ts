// The rules by which $match compares two patients: the values that are compared, the levels of agreement, and the weight of each. A weight is in bits: 3 means
// that the finding is eight times as likely for records of one person as for those of two (Fellegi and Sunter, A Theory for Record Linkage, 1969). The weights are
// estimates, and they are the same for every tenant. docs/decisions/0033-operations.md

import { encodeSoundex, foldText } from './indexing/text-folding.ts';
import { listObjects, readMember } from './json-values.ts';
import type { Resource } from './types.ts';

type Test = (a: string, b: string) => boolean;

interface Level {
  /** Shown in the explanation. */
  name: string;
  agrees: Test;
  weight: number;
}

/** The values of both patients are compared in pairs; the first level on which a pair agrees counts. */
interface MatchRule {
  /** Shown in the explanation. */
  name: string;
  read(patient: Resource): string[];
  levels: readonly Level[];
  /** The weight if both have values and no pair agrees. */
  differs: number;
}

const EQUAL: Test = (a, b) => a === b;
const SOUNDS_ALIKE: Test = (a, b) => encodeSoundex(a).join() === encodeSoundex(b).join();
/** An initial, a short form, or one part of a double name. */
const BEGINS: Test = (a, b) => a.startsWith(b) || b.startsWith(a);
const CONTAINS_WORD: Test = (a, b) => a.split(' ').includes(b) || b.split(' ').includes(a);
/** One letter is missing, added, wrong or exchanged with the next. */
const ONE_LETTER: Test = (a, b) => Math.min(a.length, b.length) >= 4 && differsByOneLetter(a, b);
/** 1980-02-01 and 1980-01-02. */
const EXCHANGED: Test = (a, b) => a.length === 10 && b === `${a.slice(0, 4)}-${a.slice(8)}-${a.slice(5, 7)}`;
/** The year, the month or the day differs, and the other two are the same. */
const ONE_PART: Test = (a, b) =>
  a.length === 10 && b.length === 10 && a.split('-').filter((part, at) => part !== b.split('-')[at]).length === 1;

/** The rules, each for a fact of its own, so that their weights may be added. */
export const MATCH_RULES: readonly MatchRule[] = [
  { name: 'identifier', read: readIdentifiers, levels: [{ name: 'equal', agrees: EQUAL, weight: 20 }], differs: 0 },
  { name: 'national identifier', read: readNationalIdentifiers, levels: [{ name: 'equal', agrees: EQUAL, weight: 0 }], differs: -8 },
  {
    name: 'family name',
    read: (patient) => readNames(patient, ({ family }) => family),
    levels: [
      { name: 'equal', agrees: EQUAL, weight: 5 },
      { name: 'one of several', agrees: CONTAINS_WORD, weight: 3 },
      { name: 'one letter differs', agrees: ONE_LETTER, weight: 3 },
      { name: 'sounds alike', agrees: SOUNDS_ALIKE, weight: 2 },
    ],
    differs: -4,
  },
  {
    name: 'first given name',
    read: (patient) => readNames(patient, ({ given }) => (Array.isArray(given) ? given[0] : undefined)),
    levels: [
      { name: 'equal', agrees: EQUAL, weight: 4 },
      { name: 'one letter differs', agrees: ONE_LETTER, weight: 2 },
      { name: 'a short form', agrees: BEGINS, weight: 2 },
      { name: 'sounds alike', agrees: SOUNDS_ALIKE, weight: 1 },
    ],
    // twins have the same family name, birth date and address
    differs: -10,
  },
  {
    name: 'birth date',
    read: ({ birthDate }) => (typeof birthDate === 'string' ? [birthDate] : []),
    levels: [
      { name: 'equal', agrees: EQUAL, weight: 8 },
      { name: 'equal as far as known', agrees: BEGINS, weight: 4 },
      { name: 'day and month exchanged', agrees: EXCHANGED, weight: 4 },
      { name: 'one part differs', agrees: ONE_PART, weight: 2 },
    ],
    differs: -8,
  },
  {
    name: 'gender',
    read: ({ gender }) => (gender === 'male' || gender === 'female' ? [gender] : []),
    levels: [{ name: 'equal', agrees: EQUAL, weight: 1 }],
    differs: -3,
  },
  {
    // one rule, because a household shares all of them
    name: 'telephone number, e-mail or postal address',
    read: readContacts,
    levels: [{ name: 'equal', agrees: EQUAL, weight: 6 }],
    differs: 0,
  },
];

/** A national number, such as the US social security number, belongs to one person. https://terminology.hl7.org/CodeSystem-v2-0203.html */
const NATIONAL_TYPES: ReadonlySet<unknown> = new Set(['SS', 'SB', 'NI']);

/** The most members of an element that are compared. It limits the work for one candidate. */
const MAX_COMPARED = 50;

const listCompared = (value: unknown): Record<string, unknown>[] =>
  listObjects(Array.isArray(value) ? value.slice(0, MAX_COMPARED) : value);

function readIdentifiers({ identifier }: Resource): string[] {
  return listCompared(identifier).flatMap(({ system, value }) => (typeof value === 'string' ? JSON.stringify([system, value]) : []));
}

function readNationalIdentifiers({ identifier }: Resource): string[] {
  const isNational = (type: unknown): boolean => listObjects(readMember(type, 'coding')).some(({ code }) => NATIONAL_TYPES.has(code));
  return listCompared(identifier).flatMap(({ type, value }) =>
    typeof value === 'string' && isNational(type) ? value.replace(/[^\dA-Za-z]/g, '').toUpperCase() : [],
  );
}

const readNames = ({ name }: Resource, select: (name: Record<string, unknown>) => unknown): string[] =>
  listCompared(name).flatMap((member) => toText([select(member)]));

/** The address of each way to reach a patient, with its kind. A telephone number is compared by its last ten digits. */
function readContacts({ telecom, address }: Resource): string[] {
  const numbers = listCompared(telecom).flatMap(({ system, value }) => {
    const normalize = typeof system === 'string' ? NORMALIZERS[system] : undefined;
    const text = normalize && typeof value === 'string' ? normalize(value) : '';
    return text === '' ? [] : `${system}:${text}`;
  });
  const addresses = listCompared(address).flatMap(({ line, postalCode }) =>
    toText([Array.isArray(line) ? line[0] : undefined, postalCode]),
  );
  return [...numbers, ...addresses];
}

const NORMALIZERS: Readonly<Record<string, (value: string) => string>> = {
  phone: (value) => value.replace(/\D/g, '').slice(-10),
  email: (value) => value.trim().toLowerCase(),
};

/** One folded text; none if a part is missing or blank. */
function toText(parts: unknown[]): string[] {
  const texts = parts.map((part) => (typeof part === 'string' ? foldText(part) : ''));
  return texts.includes('') ? [] : [texts.join(' ')];
}

function differsByOneLetter(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  if (long.length - short.length === 1) return short.slice(at) === long.slice(at + 1);
  if (long.length !== short.length) return false;
  const isExchanged = short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2);
  return isExchanged || short.slice(at + 1) === long.slice(at + 1);
}
