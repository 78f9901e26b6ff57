// The shapes that show stored resources of a type, and their items in one resource.
import { toSmallestScope } from '../fhir/access-scope.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { Caller, Context } from '../interactions/context.ts';
import { canSearch } from '../interactions/scope-filter.ts';
import type { Env, Mappings, Shape } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { parseStored } from '../vendor-api/stored-rows.ts';
import { loadSources } from '../vendor-api/views.ts';

/** The shapes of a type. Not those that only create, and not actions, whose response has the form of another shape. */
export const findFaceShapes = ({ shapes }: Pick<Mappings, 'shapes'>, type: ServedType): Shape[] =>
  shapes.filter(
    ({ resource, interactions, responseShape }) =>
      resource === type && responseShape === undefined && interactions.some((interaction) => interaction !== 'create'),
  );

/** How the vendor's API changes the item that a face shows. Undefined: it can only be read, or with the patient's own key only. */
export function findChangeMethod({ interactions, isPersonal, rows }: Shape): 'PUT' | 'PATCH' | undefined {
  if (isPersonal || rows) return undefined;
  if (interactions.includes('update')) return 'PATCH';
  return interactions.includes('replace') ? 'PUT' : undefined;
}

/** The scopes that a view needs besides the read scope of its type: it shows other resources, too. Empty: the caller has them. */
export const listMissingScopes = (caller: Caller, { joins }: Shape): string[] => [
  ...new Set(joins.filter(({ type }) => !canSearch(caller, type)).map(({ type }) => toSmallestScope(type, 's'))),
];

/** An item that a shape shows of a resource. `key`: for shapes whose items are elements. */
export interface FaceItem {
  key?: string;
  resource: Resource;
  env: Env;
}

/** The items of a resource: one, or for shapes whose items are elements one for each. */
export async function loadFaceItems(context: Context, shape: Shape, row: ResourceRow): Promise<FaceItem[]> {
  const { rows } = shape;
  const keys = rows ? rows.readKeys(parseStored(row)) : [undefined];
  const items = await Promise.all(
    keys.map(async (key) => {
      const bindings = rows && { [rows.name]: key };
      const sources = await loadSources({ shape, context }, [row], { bindings });
      return sources.map((source): FaceItem => ({ ...source, ...(key !== undefined && { key }) }));
    }),
  );
  return items.flat().filter(({ resource, env }) => shape.isItem(shape.read(resource, env)));
}
