// Fields that share one value: second names (`shares:`) and alternative forms (`instead:`).

import { toRecords } from '../../fhir/json-values.ts';
import type { View } from '../shape.ts';
import type { Field } from './field.ts';
import { isUnset } from './lens-read.ts';

/** The alternative forms of a field. */
const findOtherForms = ({ name, spec }: Field, fields: Field[]): string[] =>
  fields.filter((field) => field.name === spec.instead || field.spec.instead === name).map((field) => field.name);

/** Unsets the alternative forms of each field that has a value. */
export function unsetOtherForms(view: View, fields: Field[]): View {
  const unset = fields.filter(({ name }) => !isUnset(view[name])).flatMap((field) => findOtherForms(field, fields));
  return { ...Object.fromEntries(unset.map((name) => [name, null])), ...view };
}

/** `omit: implied`: a list is implied while it has one member, whose only values are those of the fields that share its path. */
export function findImpliedFields(fields: Field[]): Map<Field, (value: unknown) => boolean> {
  return new Map(
    fields.flatMap((field) => {
      if (field.spec.omit !== 'implied') return [];
      const places = fields.filter(({ spec }) => spec.shares === field.name).map(({ paths }) => paths[0]!.text);
      const others = (field.members ?? []).filter(({ paths }) => !places.includes(`${field.paths[0]!.text}.first().${paths[0]?.text}`));
      const implied = (value: unknown): boolean => {
        const [first = {}, ...more] = toRecords(value);
        return more.length === 0 && others.every(({ name }) => isUnset(first[name]));
      };
      return [[field, implied]];
    }),
  );
}
