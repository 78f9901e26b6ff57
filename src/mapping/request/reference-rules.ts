// References in a request that must resolve (`exists:`), and the rules for their targets.

import { toRecord } from '../../fhir/json-values.ts';
import { compilePath, type WritablePath } from '../../fhir/writable-path/path.ts';
import type { Codec } from '../lens/codecs.ts';
import type { Field } from '../lens/field.ts';
import type { ReferenceRule, View } from '../shape.ts';
import type { SurfaceSpec } from '../spec.ts';

/** The reference rules of a shape; a wrong path is reported. */
export const buildReferenceRules = (
  fields: Field[],
  aliases: SurfaceSpec['systems'],
  fault: (keys: string[], error: unknown) => void,
): ReferenceRule[] =>
  fields.flatMap((field) => {
    try {
      return buildReferenceRule(field, fields, aliases);
    } catch (error) {
      fault([...field.keyPath.flatMap((name) => ['fields', name]), 'exists'], error);
      return [];
    }
  });

/** The value at these property names. */
export function readValueAt(view: View, at: string[]): unknown {
  let value: unknown = view;
  for (const name of at) value = toRecord(value)[name];
  return value;
}

/** The values at these property names with their places: of a list of objects, those of each member (`media[0].linkId`). */
function listPlacesAt(value: unknown, [name, ...rest]: string[], place = ''): { place: string; value: unknown }[] {
  if (name === undefined) return [{ place, value }];
  if (Array.isArray(value)) return value.flatMap((member, index) => listPlacesAt(member, [name, ...rest], `${place}[${index}]`));
  return listPlacesAt(toRecord(value)[name], rest, place === '' ? name : `${place}.${name}`);
}

function buildReferenceRule(field: Field, fields: Field[], aliases: SurfaceSpec['systems']): ReferenceRule[] {
  const { spec, codec, keyPath } = field;
  const { exists } = spec;
  const { targets, parseTarget } = codec;
  if (!exists || !targets || !parseTarget) return [];
  const pathOn = (text: string, type: string): WritablePath => compilePath(text, { type, aliases });
  const required = exists.targetHas === undefined ? undefined : pathOn(exists.targetHas, targets[0]!);
  const agreements = Object.entries(exists.agrees ?? {}).map(([name, text]) => {
    const other = fields.find((field) => field.keyPath.join('.') === name)?.codec;
    return { name, path: pathOn(text, targets[0]!), other, beside: other?.targets && pathOn(text, other.targets[0]!) };
  });
  return [
    {
      field: keyPath.join('.'),
      missing: exists.missing,
      readReferences: (view) =>
        listPlacesAt(view, keyPath).flatMap(({ place, value }) =>
          readTargets(value, parseTarget).map((target) => ({ ...target, at: place + target.at })),
        ),
      readRelatedReferences: (view) =>
        agreements.flatMap(({ name, other }) =>
          other?.parseTarget ? readTargets(view[name], other.parseTarget).map((target) => ({ ...target, name })) : [],
        ),
      acceptsTarget: (resource, view, led = {}) =>
        (required === undefined || required.get(resource).length > 0) &&
        agreements.every(({ name, path, beside }) =>
          isConsistent(path.get(resource), beside ? (led[name] ? beside.get(led[name]) : []) : [view[name]]),
        ),
    },
  ];
}

/** The targets of a value, or of each member of a list. */
function readTargets(value: unknown, leads: NonNullable<Codec['parseTarget']>): ReturnType<ReferenceRule['readReferences']> {
  return [value ?? []].flat().flatMap((item, index) => {
    const found = typeof item === 'string' ? leads(item) : undefined;
    return found ? [{ at: Array.isArray(value) ? `[${index}]` : '', type: found.type, id: found.id }] : [];
  });
}

/** Whether the values agree; a missing value agrees with any. */
const isConsistent = (found: unknown[], others: unknown[]): boolean =>
  found.length === 0 || others.length === 0 || found.some((target) => others.includes(target));
