// Pairs of fields for the tests of shared elements: for every repeating element of a FHIR type, two fields that select different members.
import { findElement, isPrimitive, listElementNames } from '../../src/fhir/elements.ts';
import { explainUnboundCode } from '../../src/fhir/terminology/explain-code.ts';
import { isServed, SERVED_TYPES } from '../../src/fhir/types.ts';
import { buildLens, type Lens } from '../../src/mapping/lens/lens.ts';
import { checkLens } from '../../src/mapping/load/check-lens.ts';
import type { FieldSpec, MappingSpec } from '../../src/mapping/spec.ts';

/** Two conditions that no member meets both, and for each of them what is shown of a member that meets it. */
interface Choice {
  /** The element by which members are told apart. */
  by: string;
  ways: [Way, Way];
}

interface Way {
  where: string;
  /** Where the value stands in a member, as in a mapping. */
  field: FieldSpec;
  valued(n: number): unknown;
}

/** A field over one element: `shows` is its value while these members are there. */
interface Planted {
  spec: FieldSpec;
  shows(members: number[]): unknown;
  /** The path of its members. */
  place: string;
}

/** Two fields over one element. */
export interface Pair {
  name: string;
  element: string;
  fields: [Planted, Planted];
}

/** A primitive that can be reached through elements of one value. */
interface Leaf {
  path: string;
  top: string;
  type: string;
  bound: string | undefined;
}

/** What a path of one value is written as; `first()` where an element repeats. */
function leavesOf(type: string, { deep = 2, repeats = false, top = '', before = '' } = {}): Leaf[] {
  return listElementNames(type)
    .filter((name) => !['id', 'extension', 'modifierExtension', 'contained', 'resourceType'].includes(name))
    .flatMap((name): Leaf[] => {
      const facts = findElement(type, name)!;
      const [down] = facts.types as [string];
      if (facts.list && !repeats) return [];
      const chosen = facts.choice ? choicePath(facts.choice.replace('[x]', ''), name, down) : name;
      const path = `${before}${chosen}${facts.list ? '.first()' : ''}`;
      const first = top || (facts.choice ?? name);
      if (isPrimitive(down)) return [{ path, top: first, type: down, bound: facts.bound }];
      return deep > 0 && down !== 'Resource' ? leavesOf(down, { deep: deep - 1, repeats, top: first, before: `${path}.` }) : [];
    });
}

/** `valueQuantity` → `value.ofType(Quantity)`, whatever the definitions call the type. */
function choicePath(base: string, name: string, type: string): string {
  const branch = name.slice(base.length);
  return `${base}.ofType(${branch.toLowerCase() === type.toLowerCase() ? type : branch})`;
}

/** Codes of the common value sets, to be tried where a binding is required. */
const CODES =
  'phone email official usual home work male female active inactive completed planned arrived final preliminary mon tue kg day low high author verifier json xml'.split(
    ' ',
  );
const TEXTS = ['string', 'code', 'uri', 'url', 'canonical', 'markdown'];

/** Type of a value → the value of the first or second field (`who`) for a member. */
const VALUES: Record<string, (who: number, n: number) => string> = {
  ...Object.fromEntries(TEXTS.map((type) => [type, (who: number, n: number) => `urn:${who}:${n}`])),
  time: (who, index) => `0${index}:0${who}:00`,
  dateTime: (who, index) => `200${who}-01-0${index}`,
};

const CODES_FOR = new Map<string | undefined, string[]>([[undefined, ['urn:a', 'urn:b']]]);

/** Found once for each value set: the explanation of a refused code compares it with all of its codes. */
function codesFor(bound: string | undefined): string[] {
  const codes = CODES_FOR.get(bound) ?? CODES.filter((code) => explainUnboundCode(code, bound) === undefined);
  CODES_FOR.set(bound, codes);
  return codes;
}

/** Up to two ways to tell members of this type apart, by different elements. */
export function choicesOf(type: string, targets: readonly string[] | undefined): Choice[] {
  const references = type === 'Reference' ? referencesOf(targets) : [];
  const values = leavesOf(type, { repeats: true }).filter((leaf) => leaf.type in VALUES && !leaf.bound);
  const tellers = leavesOf(type).flatMap((leaf): { leaf: Leaf; where: [string, string] }[] => {
    if (leaf.type === 'boolean') return [{ leaf, where: [`${leaf.path}=true`, `${leaf.path}=false`] }];
    const [one, other] = TEXTS.includes(leaf.type) ? codesFor(leaf.bound) : [];
    return other === undefined ? [] : [{ leaf, where: [`${leaf.path}='${one}'`, `${leaf.path}='${other}'`] }];
  });
  const choices = tellers.flatMap(({ leaf, where }): Choice[] => {
    // a member has one type of a choice, so that the type by which it is told apart excludes the others
    const beside = leaf.top.endsWith('[x]') ? undefined : values.find(({ path }) => path !== leaf.path);
    const value = values.find(({ top }) => top !== leaf.top) ?? beside;
    if (!value) return [];
    const way = (n: number): Way => ({
      where: where[n]!,
      field: { fhir: value.path },
      valued: (number) => VALUES[value.type]!(n, number),
    });
    return [{ by: leaf.path, ways: [way(0), way(1)] }];
  });
  return [...references, ...choices].slice(0, 2);
}

/** References to resources of two types. */
function referencesOf(targets: readonly string[] = SERVED_TYPES): Choice[] {
  const [one, other] = targets.includes('Resource') ? SERVED_TYPES : targets.filter(isServed);
  if (one === undefined || other === undefined) return [];
  const way = (type: string): Way => ({
    where: `resolve() is ${type}`,
    field: { fhir: 'reference', as: `reference(${type})` },
    valued: (n) => `0190b3c2-0000-7000-8000-0000000000${String(n).padStart(2, '0')}`,
  });
  return [{ by: 'resolve()', ways: [way(one), way(other)] }];
}

type Kind = (element: string, way: Way) => Planted;

const list: Kind = (element, { where, field, valued }) => ({
  spec: { list: element, where, fields: { value: field } },
  shows: (members) => members.map((n) => ({ value: valued(n) })),
  place: `${element}.where(${where})`,
});

const value: Kind = (element, { where, field, valued }) => ({
  spec: { ...field, fhir: `${element}.where(${where}).${field.fhir as string}` },
  shows: ([n]) => (n === undefined ? null : valued(n)),
  place: `${element}.where(${where})`,
});

const object: Kind = (element, { where, field, valued }) => ({
  spec: { at: `${element}.where(${where})`, fields: { value: field } },
  shows: ([n]) => (n === undefined ? null : { value: valued(n) }),
  place: `${element}.where(${where})`,
});

const FORMS: Record<string, [Kind, Kind]> = {
  'two lists': [list, list],
  'a list beside a value': [list, value],
  'a value beside a list': [value, list],
  'an object beside a list': [object, list],
};

/** The repeating elements of a type that are objects, by name. */
export const repeatingIn = (type: string): { name: string; type: string; targets: readonly string[] | undefined }[] =>
  listElementNames(type).flatMap((name) => {
    const facts = findElement(type, name)!;
    const [down] = facts.types as [string];
    const isPlain = facts.list && !isPrimitive(down) && down !== 'Resource' && name !== 'modifierExtension';
    return isPlain ? [{ name, type: down, targets: facts.targets }] : [];
  });

/** Every pair of fields over every repeating element of a type. */
export const pairsIn = (type: string): Pair[] =>
  repeatingIn(type).flatMap(({ name: element, type: down, targets }) =>
    choicesOf(down, targets).flatMap(({ by, ways: [one, other] }) =>
      Object.entries(FORMS).map(
        ([form, [first, second]]): Pair => ({
          name: `${form} over ${element} by ${by}`,
          element,
          fields: [first(element, one), second(element, other)],
        }),
      ),
    ),
  );

/** Prefixes of maps. */
const PREFIXES = { one: 'urn:one:', other: 'urn:other:', inner: 'urn:one:inner:' };

/** A mapping with these fields and no others, checked: `refused` says what is wrong with it. */
export function planted(resource: string, fields: Record<string, FieldSpec>): { lens: Lens; refused: string[] } {
  const refused: string[] = [];
  const mapping: MappingSpec = { resource, path: '/planted', interactions: ['create'], fields };
  const fault = (keys: string[], error: unknown): void => void refused.push(`${keys.join('.')}: ${(error as Error).message}`);
  const ids = { encodeId: (_type: string, id: string) => id, decodeId: (_type: string, shownText: string) => shownText };
  const lens = buildLens(mapping, { aliases: PREFIXES, ids }, fault);
  checkLens(lens, mapping, fault);
  return { lens, refused };
}
