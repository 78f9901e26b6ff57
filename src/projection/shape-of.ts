// A mapping, compiled whole: everything a door can ask of one shape.
import { compilePath, type Path } from '../fhir/path.ts';
import type { ServedType } from '../fhir/types.ts';
import { bodyCheck, knownOf } from './body-check.ts';
import { duplicatesOf } from './duplicates.ts';
import type { Field } from './field.ts';
import { fieldAtOf } from './field-at.ts';
import { joinsOf } from './joins.ts';
import { type Lens, lensOf } from './lens.ts';
import { queryOf } from './query.ts';
import { requestSchema, responseSchema } from './schema.ts';
import { searchText, valuesIn } from './search-text.ts';
import type { Existence, Shape, Surface, View } from './shape.ts';
import type { MappingSpec, SurfaceSpec } from './spec.ts';

export interface ShapeSource {
  name: string;
  mapping: MappingSpec;
  surface: Surface;
  surfaceSpec: SurfaceSpec;
  /** Told what is wrong, with the keys that lead to it in the mapping file. */
  fault(keys: string[], error: unknown): void;
}

/** The shape, and its lens for the checks at start. */
export function shapeOf({ name, mapping, surface, surfaceSpec, fault }: ShapeSource): { shape: Shape; lens: Lens } {
  const aliases = surfaceSpec.systems;
  const lens = lensOf(mapping, { aliases, ids: surface }, fault);
  const request = requestSchema(lens.fields, surfaceSpec.nulls === 'unset');
  const { plural = '', interactions, idempotency = 'optional', into } = mapping;
  const shape: Shape = {
    surface,
    name,
    resource: mapping.resource as ServedType,
    path: mapping.path,
    plural,
    interactions,
    idempotency,
    requestSchema: request,
    responseSchema: responseSchema(lens.fields),
    belongs: belongsOf(mapping, aliases, fault),
    check: bodyCheck(request, lens.fields),
    known: (body) => knownOf(lens.fields, body),
    read: lens.read,
    write: lens.write,
    fieldAt: fieldAtOf(mapping.resource, lens.leaves),
    ...queryOf(mapping, { aliases, ids: surface }),
    joins: joinsOf(mapping),
    exists: lens.leaves.flatMap((field) => existenceOf(field, surface, aliases)),
    links: lens.leaves.flatMap((field) => linkOf(field, lens, aliases)),
    duplicates: duplicatesOf(mapping, aliases),
    into: (view) => (into === undefined ? null : `${mapping.resource}?${searchText(into, aliases, textsOf(into, view))}`),
    ...(lens.rows && {
      rows: { ...lens.rows, search: (id: string) => `${mapping.resource}?${searchText(mapping.row!.find, aliases, { '': id })}` },
    }),
    ...(mapping.port !== undefined && { port: mapping.port }),
  };
  return { shape, lens };
}

/** Whether a resource is an item of the shape. */
function belongsOf({ resource, belongs }: MappingSpec, aliases: SurfaceSpec['systems'], fault: ShapeSource['fault']): Shape['belongs'] {
  if (belongs === undefined) return () => true;
  try {
    const path = compilePath(belongs, { type: resource, aliases });
    return (one) => path.get(one).length > 0;
  } catch (error) {
    fault(['belongs'], error);
    return () => false;
  }
}

const textsOf = (template: string, view: View): Record<string, string> =>
  Object.fromEntries(valuesIn(template).map((name) => [name, String(view[name] ?? '')]));

const valueAt = (view: View, at: string[]): unknown =>
  at.reduce<unknown>((value, name) => (value as View | null | undefined)?.[name], view);

function existenceOf({ spec, codec, at }: Field, surface: Surface, aliases: SurfaceSpec['systems']): Existence[] {
  const { exists } = spec;
  const { target } = codec;
  if (!exists || target === undefined) return [];
  const agreements = Object.entries(exists.agrees ?? {}).map(([field, text]) => ({
    field,
    path: compilePath(text, { type: target, aliases }),
  }));
  return [
    {
      field: at.join('.'),
      type: target as ServedType,
      missing: exists.missing,
      id: (view) => readId(surface, target, valueAt(view, at)),
      accepts: (resource, view) => agreements.every(({ field, path }) => agrees(path.get(resource), view[field])),
    },
  ];
}

const readId = (surface: Surface, type: string, shown: unknown): string | undefined =>
  typeof shown === 'string' ? surface.readId(type, shown) : undefined;

/** What says nothing does not contradict. */
const agrees = (found: unknown[], value: unknown): boolean => found.length === 0 || found.includes(value);

function linkOf({ spec, at }: Field, lens: Lens, aliases: SurfaceSpec['systems']): Shape['links'] {
  if (!spec.link) return [];
  const { to, search } = spec.link;
  const path: Path = lens.names.path(to);
  return [
    {
      search: (view) => {
        const name = valueAt(view, at);
        return typeof name === 'string' && name !== '' ? searchText(search, aliases, { '': name }) : undefined;
      },
      put: (resource, reference) => path.put(resource, [reference]),
    },
  ];
}
