// Faults in a field: a rule dropped or moved by one, a word dropped or two codes exchanged, another default, a mark lost.
import type { FieldSpec } from '../../src/mapping/spec.ts';
import { type Change, removal } from './mutant.ts';

type Word = keyof FieldSpec;

/** Word of a field → what may stand there instead, and the keys below it. */
export const FIELD_CHANGES: Partial<Record<Word, (value: never, field: FieldSpec) => { keys: string[]; change: Change }[]>> = {
  required: () => [toRootChange(removal())],
  minLength: (least: number) => [toRootChange(removal()), toRootChange(moved(least + 1))],
  maxLength: (max: number) => [toRootChange(removal()), toRootChange(moved(max - 1)), toRootChange(moved(max + 1))],
  minimum: (least: number) => [toRootChange(removal()), toRootChange(moved(least - 1)), toRootChange(moved(least + 1))],
  maximum: (most: number) => [toRootChange(removal()), toRootChange(moved(most - 1)), toRootChange(moved(most + 1))],
  format: () => [toRootChange(removal())],
  pattern: (text: string) => [
    toRootChange(removal()),
    ...(text.endsWith('$') ? [toRootChange({ what: 'without its end', value: text.slice(0, -1) })] : []),
  ],
  enum: (words: string[]) => words.map((word, at) => ({ keys: [String(at)], change: removal(`without ${word}`) })),
  codes: (codes: Record<string, unknown>) => tableChanges(codes),
  synonyms: (codes: Record<string, unknown>) => tableChanges(codes),
  otherwise: (code: string) => [toRootChange(removal()), toRootChange({ what: `${code}x`, value: `${code}x` })],
  default: (value: unknown) => [
    toRootChange(removal()),
    ...otherDefault(value).map((other) => toRootChange({ what: JSON.stringify(other), value: other })),
  ],
  readOnly: () => [toRootChange(removal())],
  writeOnly: () => [toRootChange(removal())],
  minItems: (least: number) => [toRootChange(removal()), toRootChange(moved(least + 1))],
  maxItems: (max: number) => [toRootChange(removal()), toRootChange(moved(max - 1)), toRootChange(moved(max + 1))],
  onlyIn: (kind: string) => [
    toRootChange(removal()),
    toRootChange({ what: 'the other kind', value: kind === 'create' ? 'update' : 'create' }),
  ],
  shares: () => [toRootChange(removal())],
  instead: () => [toRootChange(removal())],
  omit: (when: string) => [toRootChange(removal()), ...(when === 'implied' ? [toRootChange({ what: 'unset', value: 'unset' })] : [])],
  nullable: () => [toRootChange(removal())],
  reads: (words: Record<string, unknown>) => tableChanges(words),
  follows: (follows: Record<string, string>) => [
    toRootChange(removal()),
    ...exchanged(
      follows,
      Object.keys(follows).filter((name) => name !== 'as'),
    ),
  ],
  key: (key: string | string[]) => [
    toRootChange(removal()),
    ...(Array.isArray(key) ? key.map((name, at) => ({ keys: [String(at)], change: removal(`without ${name}`) })) : []),
  ],
  memberHas: () => [toRootChange(removal())],
  where: () => [toRootChange(removal())],
  past: () => [toRootChange(removal())],
  atLeastYears: (years: number) => [toRootChange(removal()), toRootChange(moved(years - 1)), toRootChange(moved(years + 1))],
  unlike: () => [toRootChange(removal())],
  needs: () => [toRootChange(removal())],
  notBefore: () => [toRootChange(removal())],
  own: () => [toRootChange(removal())],
  link: () => [toRootChange(removal())],
  as: (as: string) => [toRootChange(removal()), ...otherForms(as).map(toRootChange)],
  exists: ({ agrees = {}, missing, targetHas }: NonNullable<FieldSpec['exists']>) => [
    toRootChange(removal()),
    { keys: ['missing'], change: { what: 'another answer', value: missing === 'invalid' ? 'not-found' : 'invalid' } },
    ...(targetHas === undefined ? [] : [{ keys: ['targetHas'], change: removal() }]),
    ...Object.keys(agrees).map((name) => ({ keys: ['agrees', name], change: removal(`without ${name}`) })),
  ],
  derived: (derived: Record<string, string>) => [
    toRootChange(removal()),
    ...exchanged(
      derived,
      Object.keys(derived).filter((name) => name !== 'as'),
    ),
  ],
  each: (each: string | string[]) => (Array.isArray(each) ? listChanges(each) : []),
  fhir: (fhir: string | string[]) => (Array.isArray(fhir) ? listChanges(fhir) : []),
};

const toRootChange = (change: Change): { keys: string[]; change: Change } => ({ keys: [], change });

const moved = (value: number): Change => ({ what: String(value), value });

/** Another form of a date: day and month exchanged, without the second form. */
export const otherForms = (as: string): Change[] =>
  [as.replace(/MM(.?)DD/, 'DD$1MM'), as.replace(/DD(.?)MM/, 'MM$1DD'), as.replace(/ *\|[^|]*\)$/, ')')]
    .filter((other) => other !== as && /^(date|instant)/.test(as))
    .map((value) => ({ what: value, value }));

/** A word less; the code of each word and of the next exchanged; a code that is none. */
function tableChanges(table: Record<string, unknown>): { keys: string[]; change: Change }[] {
  const words = Object.keys(table);
  const spoiled = words.flatMap((word) =>
    typeof table[word] === 'string' ? [{ keys: [word], change: { what: `${table[word]}x`, value: `${table[word]}x` } }] : [],
  );
  return [...words.map((word) => ({ keys: [word], change: removal('left out') })), ...exchanged(table, words), ...spoiled.slice(0, 2)];
}

/** The values of each key and of the next one, exchanged. */
const exchanged = (table: Record<string, unknown>, keys: string[]): { keys: string[]; change: Change }[] =>
  keys.slice(1).flatMap((key, at) => {
    const other = keys[at]!;
    if (table[key] === table[other]) return [];
    return [toRootChange({ what: `${other} and ${key} exchanged`, value: { ...table, [key]: table[other], [other]: table[key] } })];
  });

/** One way less, and the other way round. */
const listChanges = (list: string[]): { keys: string[]; change: Change }[] => [
  ...(list.length > 1 ? list.map((text, at) => ({ keys: [String(at)], change: removal(`without ${text}`) })) : []),
  ...(list.length > 1 ? [toRootChange({ what: 'the other way round', value: list.toReversed() })] : []),
];

function otherDefault(value: unknown): unknown[] {
  if (typeof value === 'boolean') return [!value];
  if (typeof value !== 'string') return [];
  return value.startsWith('%') ? [] : [`${value}x`];
}
