// Lineage is right: over the examples of every mapping, changing the value of an element changes fields that name the element, and no other; and each element
// that a field shows can change it.
import { isDeepStrictEqual } from 'node:util';
import { editValueAt, isContainer, type PathKey, readValueAt } from '../../src/fhir/json-tree.ts';
import { toRecord, toRecords } from '../../src/fhir/json-values.ts';
import { isResource, type Resource } from '../../src/fhir/types.ts';
import type { Field } from '../../src/mapping/lens/field.ts';
import { isUnset } from '../../src/mapping/lens/lens-read.ts';
import type { LoadedShape } from '../../src/mapping/load/loaded.ts';
import type { ElementPlace, Env, View } from '../../src/mapping/shape.ts';
import { type Case, casesOf } from './example-cases.ts';
import { everyShape, examplesOf } from './examples.ts';

const leavesOf = (value: unknown, at: PathKey[] = []): PathKey[][] =>
  isContainer(value)
    ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...at, Array.isArray(value) ? Number(key) : key]))
    : value === null || at[0] === 'resourceType'
      ? []
      : [at];
const nameOf = (at: PathKey[]): string => String(at.findLast((key) => typeof key === 'string'));

/** Element name → values in examples, and every word of the mappings. */
const KNOWN_VALUES = new Map<string, Set<unknown>>();
for (const [, loaded] of everyShape)
  for (const { resource } of examplesOf(loaded).flatMap((example) => casesOf(loaded, example)))
    for (const at of leavesOf(resource))
      KNOWN_VALUES.set(nameOf(at), (KNOWN_VALUES.get(nameOf(at)) ?? new Set()).add(readValueAt(resource, at)));

const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value, ...[...value.matchAll(/'([^']*)'/g)].map(([, text]) => text!)];
  return isContainer(value) ? [...Object.keys(value), ...Object.values(value).flatMap(textsIn)] : [];
};

/** Other values for an element; undefined: it is taken away. */
function alternativesOf({ mapping, surface }: LoadedShape, at: PathKey[], value: unknown): unknown[] {
  const words = Object.values(surface.content.systems);
  const codes = [...new Set(textsIn([mapping.content.fields, mapping.content.let ?? {}, mapping.content.prefer ?? {}]))].filter((text) =>
    /^[\w-]{1,40}$/.test(text),
  );
  const own = typeof value === 'boolean' ? [!value] : typeof value === 'number' ? [value + 1, 7] : textAlternatives(String(value));
  const known = [...(KNOWN_VALUES.get(nameOf(at)) ?? [])].filter((other) => typeof other === typeof value).slice(0, 15);
  const extra =
    typeof value === 'string' ? (/system|url/.test(nameOf(at)) ? words : /code|value|use|type|status/i.test(nameOf(at)) ? codes : []) : [];
  // without an element of a list, all later ones have another position
  const removal = typeof at.at(-1) === 'number' ? [] : [undefined];
  return [...removal, ...new Set([...own, ...known, ...extra])].filter((other) => other !== value);
}

const UUID = '0190b3c2-0000-7000-8000-0000000000dd';
const textAlternatives = (text: string): unknown[] => [
  `${text}x`,
  `${text} Other`,
  'Other',
  `${text.split('/')[0]}/${UUID}`,
  '1970-01-02',
  '2099-12-31',
  '1970-01-02T03:04:05.000Z',
  '2099-12-31T03:04:05.000Z',
  '2001',
  '01:30:00',
  '{"other":1}',
];

/** The case with another value of an element. */
function changed({ resource, env, ...rest }: Case, { owner, keys }: ElementPlace, value: unknown): Case {
  const edit = (one: Resource): Resource => editValueAt(one, keys, () => value) as Resource;
  if (owner === '') return { ...rest, env, resource: edit(resource) };
  const editJoined = (list: unknown): unknown =>
    Array.isArray(list)
      ? list.map((one: unknown) => (isResource(one) && `${one.resourceType}/${one.id}` === owner ? edit(one) : one))
      : list;
  return { ...rest, resource, env: Object.fromEntries(Object.entries(env).map(([name, list]) => [name, editJoined(list)])) as Env };
}

const show = ({ lens }: LoadedShape, { resource, env }: Case): View => lens.read(resource, env, { all: true });
const keyOf = ({ owner, keys }: ElementPlace): string => (owner === '' ? '' : `${owner} `) + keys.join('.');

/** The fields that differ: `patient.last_name`, `phones[0].number`; or `phones`, if it has another number of members. */
function differing({ lens }: LoadedShape, before: View, after: View): string[] {
  const compare = (field: Field, one: unknown, other: unknown, name: string): string[] => {
    if (field.fields) return compareAll(field.fields, [one, other], `${name}.`);
    const lists = [one, other].map(toRecords);
    if (field.members && lists[0]!.length === lists[1]!.length)
      return lists[0]!.flatMap((member, at) => compareAll(field.members!, [member, lists[1]![at]], `${name}[${at}].`));
    return (isUnset(one) && isUnset(other)) || isDeepStrictEqual(one, other) ? [] : [name];
  };
  const compareAll = (fields: Field[], [one, other]: unknown[], prefix: string): string[] =>
    fields.flatMap((field) => compare(field, toRecord(one)[field.name], toRecord(other)[field.name], prefix + field.name));
  return compareAll(
    lens.fields.filter(({ spec }) => !spec.writeOnly),
    [before, after],
    '',
  );
}

const listJoined = (env: Env): Resource[] => Object.values(env).flatMap((value) => (Array.isArray(value) ? value.filter(isResource) : []));

/** The elements of the resource and of what is joined. */
const placesOf = ({ resource, env }: Case): ElementPlace[] => [
  ...leavesOf(resource).map((keys) => ({ owner: '', keys })),
  ...listJoined(env).flatMap((one) => leavesOf(one).map((keys) => ({ owner: `${one.resourceType}/${one.id}`, keys }))),
];

const findOwner = ({ resource, env }: Case, owner: string): unknown =>
  owner === '' ? resource : listJoined(env).find((one) => `${one.resourceType}/${one.id}` === owner);

/** Where the same value is stored twice: without the first, the second is shown. */
const STORED_TWICE = [
  'loop/red-flag: interpretation.1.coding.0.code severity', // of two codes with one severity
  'clinik/practitioner-role: code.0.coding.0.system role', // the text repeats the code
];

/** So many other values of an element are tried, and more until each field that shows it has changed. */
const ENOUGH = 16;

describe.each(everyShape)('%s', (shape, loaded) => {
  const cases = examplesOf(loaded).flatMap((example) => casesOf(loaded, example));

  test.each(cases.map((one, at) => [`${at + 1} ${one.title}`, one] as const))('%s', (_title, one) => {
    const before = show(loaded, one);
    const fields = new Map<string, { shown: Set<string>; decided: Set<string> }>();
    for (const { name, elements, conditions } of loaded.lens.trace(one.resource, one.env)) {
      for (const place of [...elements, ...conditions])
        fields.set(keyOf(place), fields.get(keyOf(place)) ?? { shown: new Set(), decided: new Set() });
      for (const place of elements) fields.get(keyOf(place))!.shown.add(name);
      for (const place of conditions) fields.get(keyOf(place))!.decided.add(name);
    }
    for (const place of placesOf(one)) {
      const element = keyOf(place);
      const { shown = new Set<string>(), decided = new Set<string>() } = fields.get(element) ?? {};
      const moved = new Set<string>();
      const listIdle = (): string[] =>
        [...shown].filter((name) => ![...moved].some((other) => other === name || name.startsWith(`${other}[`)));
      const values = alternativesOf(loaded, place.keys, readValueAt(findOwner(one, place.owner), place.keys));
      for (const [at, value] of values.entries()) {
        if (at >= ENOUGH && !listIdle().length) break;
        for (const name of differing(loaded, before, show(loaded, changed(one, place, value)))) {
          moved.add(name);
          // a list of another length: every field of its members has it
          const isLit = [...shown, ...decided].some((lit) => lit === name || lit.startsWith(`${name}[`));
          // which members a list has decides what a field of its nth member shows
          const list = name.replace(/\[\d+\]\.[^[]*$/, '');
          expect({ element, value, name, isLit: isLit || (!shown.size && decided.has(list)) }).toEqual({
            element,
            value,
            name,
            isLit: true,
          });
        }
      }
      expect(
        listIdle()
          .map((name) => `${shape}: ${element} ${name}`)
          .filter((pair) => !STORED_TWICE.includes(pair)),
      ).toEqual([]);
    }
  });
});
