// The law of lists of objects: content of an element that the shape does not show stays with its member when the list is reordered or changed.

import { toRecords } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import { pickDifferentValue } from '../../mapping/explain/different-value.ts';
import type { FieldSamples } from '../../mapping/explain/samples.ts';
import type { Field } from '../../mapping/lens/field.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { Env, View } from '../../mapping/shape.ts';
import { findDifferences } from './differences.ts';

/** Checks each top-level list: reversed, and with another value in a member that has a key. */
export function checkMembersKeepExtensions(
  { lens }: LoadedShape,
  resource: Resource,
  { env, samples }: { env: Env; samples: FieldSamples },
): string[] {
  return lens.fields
    .filter(({ members, spec }) => members && !spec.readOnly)
    .flatMap((list) => {
      const marked = list.paths[0]!.get(resource, env).length ? markElements(resource, list, env) : undefined;
      if (!marked) return [];
      const view = lens.read(marked, env, { all: true });
      const members = toRecords(view[list.name]);
      const written = (next: View[]): Resource => lens.write({ ...view, [list.name]: next }, marked, env);
      const marks = (resource: Resource): unknown[] => findElements(resource, list, env).map(({ extension }) => extension);
      const turned = written(members.toReversed());
      return [
        ...findDifferences(marks(turned), marks(marked).toReversed(), `turned round, what others wrote into ${list.name}`),
        ...listKeyedFields(list).flatMap((field) => {
          const value = pickDifferentValue(field, members[0]![field.name], samples);
          if (value === undefined) return [];
          const after = written([{ ...members[0], [field.name]: value }, ...members.slice(1)]);
          return findDifferences(
            marks(after),
            marks(marked),
            `after ${list.name}[0].${field.name} was written, what others wrote into the list`,
          );
        }),
      ];
    });
}

const listKeyedFields = ({ members = [], spec }: Field): Field[] =>
  spec.key === undefined ? [] : members.filter((field) => ![spec.key].flat().includes(field.name) && !field.spec.readOnly && !field.fields);

type MarkedElement = { extension?: unknown[] };

const findElements = (resource: Resource, list: Field, env: Env): MarkedElement[] => toRecords(list.paths[0]!.get(resource, env));

/** The resource with a marker extension in each element of the list. */
function markElements(resource: Resource, list: Field, env: Env): Resource {
  const elements = findElements(resource, list, env);
  const marks = new Map<unknown, unknown>(
    elements.map((element, index) => [element, { ...element, extension: [{ url: 'urn:mark', valueString: String(index) }] }]),
  );
  const marked: Resource = JSON.parse(JSON.stringify(replaceValues(resource, marks)));
  return marked;
}

function replaceValues(value: unknown, by: ReadonlyMap<unknown, unknown>): unknown {
  if (by.has(value)) return by.get(value);
  if (Array.isArray(value)) return value.map((item) => replaceValues(item, by));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaceValues(member, by)]));
}
