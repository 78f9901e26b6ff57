// A resource as a write has left it, and what the write changed in each of its faces.
import { toRecord } from '../fhir/json-values.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import { read } from '../interactions/read.ts';
import type { Mappings, View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { parseStored } from '../vendor-api/stored-rows.ts';
import { listChanges, type ValueChange } from './changes.ts';
import { findFaceShapes, listMissingScopes, loadFaceItems } from './face-shapes.ts';

export interface SavedResource {
  resource: Resource;
  changes: ValueChange[];
  /** Surface → its faces. Faces for which the caller lacks scopes are left out. */
  faces: Record<string, FaceChange[]>;
}

/** `view`: null if the resource has the face no more. */
interface FaceChange {
  shape: string;
  item?: string;
  view: View | null;
  changes: ValueChange[];
}

/** The view of one face. */
interface ShownFace {
  surface: string;
  shape: string;
  item?: string;
  view: View;
}

/** The views of a resource that the caller may see. */
export async function listViews(context: Context, row: ResourceRow, mappings: Pick<Mappings, 'shapes'>): Promise<ShownFace[]> {
  const shapes = findFaceShapes(mappings, row.type).filter((shape) => !listMissingScopes(context.caller, shape).length);
  const views = await Promise.all(
    shapes.map(async (shape) => {
      const items = await loadFaceItems(context, shape, row);
      return items.map(({ key, resource, env }): ShownFace => {
        const face = { surface: shape.surface.name, shape: shape.name, ...(key !== undefined && { item: key }) };
        return { ...face, view: shape.read(resource, env) };
      });
    }),
  );
  return views.flat();
}

/** `row`, `before`: the resource and its views before the write. */
export async function describeSaved(
  context: Context,
  row: ResourceRow,
  { before, mappings }: { before: ShownFace[]; mappings: Pick<Mappings, 'shapes'> },
): Promise<SavedResource> {
  const now = await read(context, row);
  const [former, resource] = [parseStored(row, { exact: true }), parseStored(now, { exact: true })];
  const after = await listViews(context, now, mappings);
  const faces: SavedResource['faces'] = {};
  for (const { surface, ...face } of listFaces(before, after)) faces[surface] = [...(faces[surface] ?? []), face];
  return { resource, changes: listChanges(withoutStamps(former), withoutStamps(resource)), faces };
}

/** The faces after, and then those that there were before only. */
function listFaces(before: ShownFace[], after: ShownFace[]): (FaceChange & { surface: string })[] {
  const keyOf = ({ surface, shape, item = '' }: ShownFace): string => [surface, shape, item].join(' ');
  const [one, other] = [before, after].map((faces) => new Map(faces.map((face) => [keyOf(face), face])));
  return [...new Map([...other!, ...one!])].map(([key, face]) => {
    const view = other!.get(key)?.view ?? null;
    return { ...face, view, changes: listChanges(one!.get(key)?.view ?? null, view) };
  });
}

/** Without what every version has of its own. */
function withoutStamps({ meta, ...elements }: Resource): object {
  const { versionId: _version, lastUpdated: _updated, ...rest } = toRecord(meta);
  return { ...elements, ...(Object.keys(rest).length && { meta: rest }) };
}
