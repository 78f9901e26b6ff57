// A mapping, compiled whole: everything a door can ask of one shape.
import { compilePath, type Path } from '../fhir/path/path.ts';
import type { ServedType } from '../fhir/types.ts';
import { bodyCheck } from './body-check.ts';
import { changeOf } from './change.ts';
import { duplicatesOf } from './duplicates.ts';
import { joinsOf } from './joins.ts';
import type { Field } from './lens/field.ts';
import { fieldAtOf } from './lens/field-at.ts';
import { type Lens, lensOf } from './lens/lens.ts';
import { isUnset } from './lens/lens-read.ts';
import { saidBy } from './lens/said.ts';
import { disagreements } from './lens/sharing.ts';
import { queryOf } from './query.ts';
import { asksIn, requestSchema, responseSchema } from './schema.ts';
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

/** Where the vendor prints no text of its own. */
const SAYS = { duplicate: 'this exists already', idempotency: 'this idempotency-key was used with another body' };

/** The shape, and its lens for the checks at start. */
export function shapeOf({ name, mapping, surface, surfaceSpec, fault }: ShapeSource): { shape: Shape; lens: Lens } {
  const aliases = surfaceSpec.systems;
  const lens = lensOf(mapping, { aliases, ids: surface }, fault);
  const nullable = surfaceSpec.nulls === 'unset';
  const request = requestSchema(lens.fields, nullable);
  const checked = bodyCheck(request, lens.fields.filter(asksIn('create')));
  const disagree = disagreements(lens);
  const { plural = '', interactions, idempotency = 'optional', into, belongs = [] } = mapping;
  const shape: Shape = {
    surface,
    name,
    resource: mapping.resource as ServedType,
    path: mapping.path.replace(/\/\{id\}.*$/, ''),
    itemPath: /\{id\}/.test(mapping.path) ? mapping.path : `${mapping.path}/{id}`,
    idName: lens.idName,
    plural,
    interactions,
    idempotency,
    digits: [lens.leaves, ...lens.lists.map(({ leaves }) => leaves)].flat().some(({ spec }) => /^(number|integer)$/.test(spec.type ?? '')),
    requestSchema: request,
    responseSchema: responseSchema(lens.fields, [...belongs, ...(mapping.row ? [mapping.row.key] : [])]),
    belongs: (view) => belongs.every((name) => view[name] !== null),
    check(body, now) {
      const issues = checked(body, now);
      return issues.length ? issues : disagree(withoutUnset(body as View));
    },
    ...changeOf(lens.fields, { nullable, deep: surfaceSpec.patch !== 'replace', disagree }),
    known: (body) => saidBy(lens.fields.filter(asksIn('create')), body),
    read: lens.read,
    write: lens.write,
    fieldAt: fieldAtOf(mapping.resource, lens),
    ...queryOf(mapping, { aliases, ids: surface }, fault),
    joins: joinsOf(mapping),
    exists: lens.leaves.flatMap((field) => existenceOf(field, aliases)),
    links: lens.leaves.flatMap((field) => linkOf(field, lens, aliases)),
    duplicates: duplicatesOf(mapping, aliases),
    says: { ...SAYS, ...mapping.says },
    into: (view) => (into === undefined ? null : `${mapping.resource}?${searchText(into, aliases, textsOf(into, view))}`),
    ...(lens.rows && {
      rows: { ...lens.rows, search: (id: string) => `${mapping.resource}?${searchText(mapping.row!.find, aliases, { '': id })}` },
    }),
    ...(mapping.port !== undefined && { port: mapping.port }),
  };
  return { shape, lens };
}

const textsOf = (template: string, view: View): Record<string, string> =>
  Object.fromEntries(valuesIn(template).map((name) => [name, String(view[name] ?? '')]));

const valueAt = (view: View, at: string[]): unknown =>
  at.reduce<unknown>((value, name) => (value as View | null | undefined)?.[name], view);

function existenceOf({ spec, codec, at }: Field, aliases: SurfaceSpec['systems']): Existence[] {
  const { exists } = spec;
  const { targets, leads } = codec;
  if (!exists || !targets || !leads) return [];
  const agreements = Object.entries(exists.agrees ?? {}).map(([field, text]) => ({
    field,
    path: compilePath(text, { type: targets[0]!, aliases }),
  }));
  return [
    {
      field: at.join('.'),
      missing: exists.missing,
      of: (view) => {
        const value = valueAt(view, at);
        return [value ?? []].flat().flatMap((one, nth) => {
          const found = typeof one === 'string' ? leads(one) : undefined;
          return found ? [{ at: Array.isArray(value) ? `[${nth}]` : '', type: found.type as ServedType, id: found.id }] : [];
        });
      },
      accepts: (resource, view) => agreements.every(({ field, path }) => agrees(path.get(resource), view[field])),
    },
  ];
}

const withoutUnset = (view: View): View => Object.fromEntries(Object.entries(view).filter(([, value]) => !isUnset(value)));

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
