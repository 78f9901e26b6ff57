// References in a request that must lead to something (`exists:`), and what that must be like.
import { compilePath, type Path } from '../fhir/path/path.ts';
import type { ServedType } from '../fhir/types.ts';
import type { Codec } from './lens/codecs.ts';
import type { Field } from './lens/field.ts';
import type { Existence, View } from './shape.ts';
import type { SurfaceSpec } from './spec.ts';

/** `exists` of a shape. `fault` is told what is wrong with a path, with the keys that lead to it in the mapping file. */
export const existencesOf = (
  fields: Field[],
  aliases: SurfaceSpec['systems'],
  fault: (keys: string[], error: unknown) => void,
): Existence[] =>
  fields.flatMap((field) => {
    try {
      return existenceOf(field, fields, aliases);
    } catch (error) {
      fault([...field.at.flatMap((name) => ['fields', name]), 'exists'], error);
      return [];
    }
  });

/** What a view says at these names. */
export const valueAt = (view: View, at: string[]): unknown =>
  at.reduce<unknown>((value, name) => (value as View | null | undefined)?.[name], view);

function existenceOf(field: Field, fields: Field[], aliases: SurfaceSpec['systems']): Existence[] {
  const { spec, codec, at } = field;
  const { exists } = spec;
  const { targets, leads } = codec;
  if (!exists || !targets || !leads) return [];
  const pathOn = (text: string, type: string): Path => compilePath(text, { type, aliases });
  const required = exists.targetHas === undefined ? undefined : pathOn(exists.targetHas, targets[0]!);
  const agreements = Object.entries(exists.agrees ?? {}).map(([name, text]) => {
    const other = fields.find((one) => one.at.join('.') === name)?.codec;
    return { name, path: pathOn(text, targets[0]!), other, beside: other?.targets && pathOn(text, other.targets[0]!) };
  });
  return [
    {
      field: at.join('.'),
      missing: exists.missing,
      of: (view) => referencesIn(valueAt(view, at), leads),
      besides: (view) =>
        agreements.flatMap(({ name, other }) =>
          other?.leads ? referencesIn(view[name], other.leads).map((one) => ({ ...one, name })) : [],
        ),
      accepts: (resource, view, led = {}) =>
        (required === undefined || required.get(resource).length > 0) &&
        agreements.every(({ name, path, beside }) =>
          agree(path.get(resource), beside ? (led[name] ? beside.get(led[name]) : []) : [view[name]]),
        ),
    },
  ];
}

/** What a value refers to, of a list each member. */
function referencesIn(value: unknown, leads: NonNullable<Codec['leads']>): ReturnType<Existence['of']> {
  return [value ?? []].flat().flatMap((one, nth) => {
    const found = typeof one === 'string' ? leads(one) : undefined;
    return found ? [{ at: Array.isArray(value) ? `[${nth}]` : '', type: found.type as ServedType, id: found.id }] : [];
  });
}

/** What says nothing does not contradict. */
const agree = (found: unknown[], others: unknown[]): boolean =>
  found.length === 0 || others.length === 0 || found.some((one) => others.includes(one));
