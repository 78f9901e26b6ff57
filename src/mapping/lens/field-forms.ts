// Fields that are two spellings of one thing (`shares:`) or two forms of it (`instead:`): when one of them says no more than the others, and which one holds.
import type { View } from '../shape.ts';
import type { Field } from './field.ts';
import { isUnset } from './lens-read.ts';

/** The other forms of what a field says. */
const findOtherForms = ({ name, spec }: Field, fields: Field[]): string[] =>
  fields.filter((one) => one.name === spec.instead || one.spec.instead === name).map((one) => one.name);

/** A view in which each field that is said has unset its other forms. */
export function unsetOtherForms(said: View, fields: Field[]): View {
  const unset = fields.filter(({ name }) => !isUnset(said[name])).flatMap((field) => findOtherForms(field, fields));
  return { ...Object.fromEntries(unset.map((name) => [name, null])), ...said };
}

/** `omit: implied`: a list of objects says no more than the fields that share its place, while it has one member and no value beside theirs. */
export function findImpliedFields(fields: Field[]): Map<Field, (shown: unknown) => boolean> {
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
