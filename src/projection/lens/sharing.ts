// Fields that are two spellings of one thing (`shares:`) or two forms of it (`instead:`): what a request may not say by both, and when one of them says no
// more than the others.
import { isDeepStrictEqual } from 'node:util';
import { type Issue, issue } from '../../fhir/outcome.ts';
import type { Env, View } from '../shape.ts';
import type { Field } from './field.ts';
import type { Lens } from './lens.ts';
import { isUnset } from './lens-read.ts';

const NOTHING_KNOWN: Env = { alias: () => '' };

/** Finds pairs of fields in a request that say two things of one place; a null says that nothing is there. */
export function disagreements(lens: Lens): (said: View) => Issue[] {
  const pairs = lens.fields.flatMap(({ name, spec: { shares } }) => (shares === undefined ? [] : [[name, shares] as const]));
  const forms = lens.fields.flatMap(({ name, spec: { instead } }) => (instead === undefined ? [] : [[name, instead] as const]));
  return (said) => [
    ...pairs
      .filter((pair) => pair.every((name) => name in said) && !agree(lens, said, pair))
      .map(([name, shares]) => issue('invalid', `${name} must agree with ${shares}, or be left out`, name)),
    ...forms
      .filter((pair) => pair.every((name) => !isUnset(said[name])))
      .map(([name, instead]) => issue('invalid', `${name} must be left out where ${instead} is said`, name)),
  ];
}

/** The other forms of what a field says. */
export const otherForms = ({ name, spec }: Field, fields: Field[]): string[] =>
  fields.filter((one) => one.name === spec.instead || one.spec.instead === name).map((one) => one.name);

/** A view in which each field that is said has unset its other forms. */
export function inOneForm(said: View, fields: Field[]): View {
  const unset = fields.filter(({ name }) => !isUnset(said[name])).flatMap((field) => otherForms(field, fields));
  return { ...Object.fromEntries(unset.map((name) => [name, null])), ...said };
}

/** Written together, each shows what it shows when it is written alone. */
function agree(lens: Lens, said: View, names: readonly string[]): boolean {
  const unset = names.filter((name) => isUnset(said[name]));
  if (unset.length) return unset.length === names.length;
  const shown = (...some: readonly string[]): View => {
    const resource = lens.write(Object.fromEntries(some.map((name) => [name, said[name]])), undefined, NOTHING_KNOWN);
    return lens.read(resource, NOTHING_KNOWN, { all: true });
  };
  const together = shown(...names);
  return names.every((name) => isDeepStrictEqual(together[name], shown(name)[name]));
}

/** `omit: implied`: a list of objects says no more than the fields that share its place, while it has one member and no value beside theirs. */
export function impliedIn(fields: Field[]): Map<Field, (shown: unknown) => boolean> {
  return new Map(
    fields.flatMap((field) => {
      if (field.spec.omit !== 'implied') return [];
      const places = fields.filter(({ spec }) => spec.shares === field.name).map(({ paths }) => paths[0]!.text);
      const others = (field.members ?? []).filter(({ paths }) => !places.includes(`${field.paths[0]!.text}.first().${paths[0]?.text}`));
      const implied = (shown: unknown): boolean => {
        const [first = {}, ...more] = shown as View[];
        return more.length === 0 && others.every(({ name }) => isUnset(first[name]));
      };
      return [[field, implied]];
    }),
  );
}
