// Maps a method to an interaction, on a collection and on an item. The tables apply to every shape.

import type { Permission } from '../fhir/access-scope.ts';
import { methodNotAllowed } from '../fhir/outcome.ts';
import type { Shape, ShapeInteraction } from '../mapping/shape.ts';
import { deleteItem, patchItem, performItem, replaceItem } from './change.ts';
import { createItem } from './create.ts';
import { createMany } from './create-many.ts';
import { listItems, readItem } from './read.ts';
import type { VendorHandler } from './vendor-request.ts';

interface VendorInteraction {
  name: ShapeInteraction;
  permission: Permission;
  handle: VendorHandler;
  hasBody?: boolean;
}

const READ: VendorInteraction = { name: 'read', permission: 'r', handle: readItem };
const LIST: VendorInteraction = { name: 'search', permission: 's', handle: listItems };

const create: VendorHandler = (request) => (request.shape.batch ? createMany(request, request.shape.batch) : createItem(request));

const ON_COLLECTION: Record<string, VendorInteraction> = {
  GET: LIST,
  HEAD: LIST,
  POST: { name: 'create', permission: 'c', handle: create, hasBody: true },
};
const ON_ITEM: Record<string, VendorInteraction> = {
  GET: READ,
  HEAD: READ,
  PATCH: { name: 'update', permission: 'u', handle: patchItem, hasBody: true },
  PUT: { name: 'replace', permission: 'u', handle: replaceItem, hasBody: true },
  DELETE: { name: 'delete', permission: 'd', handle: deleteItem },
  POST: { name: 'perform', permission: 'u', handle: performItem, hasBody: true },
};

/** The interaction of a method. 405 if the shape does not have it. `id`: the id in the path, undefined for a collection. */
export function findInteraction(shape: Shape, method: string, id: string | undefined): VendorInteraction {
  const byMethod = id === undefined && !shape.itemIsCaller ? ON_COLLECTION : ON_ITEM;
  const interaction = byMethod[method];
  if (interaction && shape.interactions.includes(interaction.name)) return interaction;
  throw methodNotAllowed(Object.keys(byMethod).filter((name) => shape.interactions.includes(byMethod[name]!.name)));
}
