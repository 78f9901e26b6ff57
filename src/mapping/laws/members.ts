// The law of lists of objects: what the shape cannot see of an element stays with it, wherever its member goes, and what stands beside the members stays.
import type { Resource } from '../../fhir/types.ts';
import type { Field } from '../lens/field.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Env, View } from '../shape.ts';
import { anotherValue, type Samples } from './another-value.ts';
import { differences } from './difference.ts';

/** For every list that is not in another one: turned round, and, where its members have a key, with another value beside the key. */
export function membersKeepTheirs({ lens }: LoadedShape, resource: Resource, { env, samples }: { env: Env; samples: Samples }): string[] {
  return lens.fields
    .filter(({ members, spec }) => members && !spec.readOnly)
    .flatMap((list) => {
      const marked = list.paths[0]!.get(resource, env).length ? withMarks(resource, list, env) : undefined;
      if (!marked) return [];
      const view = lens.read(marked, env, { all: true });
      const members = view[list.name] as View[];
      const written = (next: View[]): Resource => lens.write({ ...view, [list.name]: next }, marked, env);
      const marks = (one: Resource): unknown[] => elementsOf(one, list, env).map(({ extension }) => extension);
      const turned = written(members.toReversed());
      return [
        ...differences(marks(turned), marks(marked).toReversed(), `turned round, what others wrote into ${list.name}`),
        ...keyed(list).flatMap((field) => {
          const value = anotherValue(field, members[0]![field.name], samples);
          if (value === undefined) return [];
          const after = written([{ ...members[0], [field.name]: value }, ...members.slice(1)]);
          return differences(
            marks(after),
            marks(marked),
            `after ${list.name}[0].${field.name} was written, what others wrote into the list`,
          );
        }),
      ];
    });
}

const keyed = ({ members = [], spec }: Field): Field[] =>
  spec.key === undefined ? [] : members.filter((field) => ![spec.key].flat().includes(field.name) && !field.spec.readOnly && !field.fields);

type Marked = { extension?: unknown[] };

const elementsOf = (resource: Resource, list: Field, env: Env): Marked[] => list.paths[0]!.get(resource, env) as Marked[];

/** The resource with a mark in each element of the list. */
function withMarks(resource: Resource, list: Field, env: Env): Resource {
  const elements = elementsOf(resource, list, env);
  const marks = new Map<unknown, unknown>(
    elements.map((element, nth) => [element, { ...element, extension: [{ url: 'urn:mark', valueString: String(nth) }] }]),
  );
  return JSON.parse(JSON.stringify(replaced(resource, marks))) as Resource;
}

function replaced(value: unknown, by: ReadonlyMap<unknown, unknown>): unknown {
  if (by.has(value)) return by.get(value);
  if (Array.isArray(value)) return value.map((one) => replaced(one, by));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one, by)]));
}
