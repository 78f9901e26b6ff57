// A resource and all its faces: the view of each vendor's shape that shows it, with the elements that each field is read from. docs/decisions/0059-console-api.md
import type { PathKey } from '../fhir/json-tree.ts';
import { readValueAt } from '../fhir/json-tree.ts';
import { readMember, toText } from '../fhir/json-values.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import { read } from '../interactions/read.ts';
import type { ElementPlace, Mappings, Shape, TracedField, View } from '../mapping/shape.ts';
import { parseStored } from '../vendor-api/stored-rows.ts';
import { formatElementPath } from './element-path.ts';
import { type FaceItem, findChangeMethod, findFaceShapes, listMissingScopes, loadFaceItems } from './face-shapes.ts';
import { listUnshownElements } from './unshown-elements.ts';

interface Faces {
  resource: Resource;
  version: string;
  /** Surface → its faces. */
  faces: Record<string, (Face | WithheldFace)[]>;
  /** The elements that no face shows. */
  unshown: string[];
}

interface Face {
  shape: string;
  /** The route of an item, as the vendor documents it. */
  path: string;
  /** The key of the item, for shapes whose items are elements. */
  item?: string;
  /** How the vendor's API changes the item; absent: the face can only be read. */
  change?: 'PUT' | 'PATCH';
  view: View;
  fields: FaceField[];
}

/** A face that shows other resources, too, which the caller may not search. */
interface WithheldFace {
  shape: string;
  path: string;
  needs: string[];
}

interface FaceField {
  name: string;
  /** The FHIRPaths of the mapping. */
  fhir: string[];
  /** The line of the mapping. */
  mapping: string;
  elements: ElementReference[];
  conditions: ElementReference[];
}

/** `resource`: the other resource that has the element. `contained`: the id of the contained resource that has it. */
interface ElementReference {
  path: string;
  resource?: string;
  contained?: string;
}

/** The current version of a resource and its faces. Refuses what a read of it refuses. */
export async function readFaces(
  context: Context,
  mappings: Pick<Mappings, 'shapes'>,
  { type, id }: { type: ServedType; id: string },
): Promise<Faces> {
  const row = await read(context, { type, id });
  const resource = parseStored(row, { exact: true });
  const faces: Faces['faces'] = {};
  const traced: TracedField[] = [];
  for (const shape of findFaceShapes(mappings, type)) {
    const { name, itemPath: path, surface } = shape;
    const needs = listMissingScopes(context.caller, shape);
    const items = needs.length ? [] : await loadFaceItems(context, shape, row);
    const found = needs.length ? [{ shape: name, path, needs }] : items.map((item) => buildFace(shape, item, traced));
    if (found.length) faces[surface.name] = [...(faces[surface.name] ?? []), ...found];
  }
  return { resource, version: String(row.version), faces, unshown: listUnshownElements(resource, traced) };
}

/** Adds the lineage of its fields to `traced`. */
function buildFace(shape: Shape, { key, resource, env }: FaceItem, traced: TracedField[]): Face {
  const fields = shape.trace(resource, env);
  traced.push(...fields);
  const change = findChangeMethod(shape);
  return {
    shape: shape.name,
    path: shape.itemPath,
    ...(key !== undefined && { item: key }),
    ...(change && { change }),
    view: shape.read(resource, env),
    fields: fields.map(({ name, paths, declaredAt, elements, conditions }) => ({
      name,
      fhir: paths,
      mapping: declaredAt,
      elements: elements.map((place) => toReference(resource, place)),
      conditions: conditions.map((place) => toReference(resource, place)),
    })),
  };
}

function toReference(resource: Resource, { owner, keys }: ElementPlace): ElementReference {
  const contained = owner === '' ? findContainedId(resource, keys) : undefined;
  return { path: formatElementPath(keys), ...(owner !== '' && { resource: owner }), ...(contained !== undefined && { contained }) };
}

function findContainedId(resource: Resource, [list, at]: readonly PathKey[]): string | undefined {
  const id = list === 'contained' && at !== undefined ? readMember(readValueAt(resource, [list, at]), 'id') : undefined;
  return id === undefined ? undefined : toText(id);
}
