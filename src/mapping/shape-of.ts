// A mapping, compiled whole: everything a door can ask of one shape.
import type { Path } from '../fhir/path/path.ts';
import type { ServedType } from '../fhir/types.ts';
import { answersOf } from './answers-of.ts';
import { bodyCheck } from './body-check.ts';
import { changeOf } from './change.ts';
import { duplicatesOf } from './duplicates.ts';
import { existencesOf, valueAt } from './existences.ts';
import { joinsOf } from './joins.ts';
import type { Tables } from './lens/derivations.ts';
import { disagreements } from './lens/disagreements.ts';
import type { Field } from './lens/field.ts';
import { fieldAtOf } from './lens/field-at.ts';
import { type Lens, lensOf } from './lens/lens.ts';
import { isUnset } from './lens/lens-read.ts';
import { saidBy } from './lens/said.ts';
import { manyOf, requestFields } from './many.ts';
import { personOf } from './person.ts';
import { queryOf } from './query.ts';
import { namesIn } from './routes.ts';
import { requestSchema, responseSchema } from './schema.ts';
import { searchText, valuesIn } from './search-text.ts';
import type { Shape, Surface, View } from './shape.ts';
import type { MappingSpec, SurfaceSpec } from './spec.ts';
import { takeOf } from './take.ts';

interface ShapeSource {
  name: string;
  mapping: MappingSpec;
  surface: Surface;
  surfaceSpec: SurfaceSpec;
  tables: Tables;
  /** Told what is wrong, with the keys that lead to it in the mapping file. */
  fault(keys: string[], error: unknown): void;
}

/** Whether it shows only what a request has just made. */
const isMadeOnly = ({ interactions }: MappingSpec): boolean => interactions.every((one) => one === 'create');

/** Where the vendor prints no text of its own. */
const SAYS = { duplicate: 'this exists already', idempotency: 'this idempotency-key was used with another body' };

/** The shape, and its lens for the checks at start. */
export function shapeOf({ name, mapping, surface, surfaceSpec, tables, fault }: ShapeSource): { shape: Shape; lens: Lens } {
  const aliases = surfaceSpec.systems;
  const lens = lensOf(mapping, { aliases, ids: surface, tables }, fault);
  const nullable = surfaceSpec.nulls === 'unset';
  const { checked, asked, ...request } = requestsOf(lens, mapping, nullable);
  const disagree = disagreements(lens);
  const { plural = '', interactions, idempotency = 'optional', into, belongs = [], except = {} } = mapping;
  const shape: Shape = {
    surface,
    name,
    resource: mapping.resource as ServedType,
    path: mapping.path.replace(/\/\{id\}.*$/, ''),
    itemPath: mapping.item || /\{id\}/.test(mapping.path) ? mapping.path : `${mapping.path}/{id}`,
    idName: lens.idName,
    plural,
    interactions,
    ...takeOf(mapping),
    ...personOf(mapping),
    status: mapping.createStatus ?? 201,
    idempotency,
    digits: [lens.leaves, ...lens.lists.map(({ leaves }) => leaves)].flat().some(({ spec }) => /^(number|integer)$/.test(spec.type ?? '')),
    ...request,
    responseSchema: responseSchema(lens.fields, [...belongs, ...(mapping.row ? [mapping.row.key] : [])], isMadeOnly(mapping)),
    ...answersOf(mapping, surface, fault),
    belongs: (view) => belongs.every((name) => view[name] !== null) && !Object.entries(except).some(([name, word]) => view[name] === word),
    check(body, now) {
      const issues = checked(body, now);
      return issues.length ? issues : disagree(withoutUnset(body as View));
    },
    ...changeOf(lens.fields, { nullable, deep: surfaceSpec.patch !== 'replace', disagree }),
    known: (body) => saidBy(asked, body),
    ...manyOf(mapping, lens.fields),
    read: lens.read,
    write: lens.write,
    fieldAt: fieldAtOf(mapping.resource, lens),
    ...queryOf(mapping, { aliases, ids: surface }, fault),
    joins: joinsOf(mapping, lens.names, fault),
    exists: existencesOf(lens.leaves, aliases, fault),
    links: lens.leaves.flatMap((field) => linkOf(field, lens, aliases)),
    duplicates: duplicatesOf(mapping, aliases),
    says: { ...SAYS, ...mapping.says },
    into: (view, resolved) =>
      into === undefined ? null : `${mapping.resource}?${searchText(into, aliases, textsOf(into, lens.fields, { view, resolved }))}`,
    ...(lens.rows && {
      rows: { ...lens.rows, search: (id: string) => `${mapping.resource}?${searchText(mapping.row!.find, aliases, { '': id })}` },
    }),
    ...(mapping.port !== undefined && { port: mapping.port }),
  };
  return { shape, lens };
}

/** What a request is: the body that makes an item, what the path names of it, and the check of both together. */
function requestsOf({ fields }: Lens, { path, many }: MappingSpec, nullable: boolean) {
  const asked = requestFields(fields, many);
  const within = namesIn(path).filter((name) => name !== 'id');
  const inBody = asked.filter(({ name }) => !within.includes(name));
  const checked = bodyCheck(requestSchema(asked, nullable), asked);
  const schema = requestSchema(inBody, nullable);
  return { within, asked, requestSchema: schema, needsBody: 'required' in schema, checked };
}

/** What a view says in the places of a search; ids as FHIR has them, however they were spelled. */
function textsOf(
  template: string,
  fields: Field[],
  { view, resolved }: { view: View; resolved?: ReadonlyMap<string, string> | undefined },
) {
  const textOf = (name: string): string => {
    const text = String(view[name] ?? '');
    const id = fields.find((field) => field.name === name)?.codec.leads?.(text)?.id ?? text;
    return resolved?.get(id) ?? id;
  };
  return Object.fromEntries(valuesIn(template).map((name) => [name, textOf(name)]));
}

const withoutUnset = (view: View): View => Object.fromEntries(Object.entries(view).filter(([, value]) => !isUnset(value)));

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
