// The routes of a shape: its collection, an item or a part of an item, also below each mount of its surface.
import type { Shape } from './shape.ts';

/** The names in braces. */
export const listPathParameters = (template: string): string[] => [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

const ITEM_INTERACTIONS: readonly string[] = ['read', 'update', 'replace', 'delete', 'perform'];

/** Every route template of a shape (`/v1/patients`, `/v1/patients/{id}`, `/v1/patients/{id}/safe`). */
export function listRoutes({ path, itemPath, interactions, surface }: Shape): string[] {
  const isPart = itemPath !== `${path}/{id}`;
  const items = interactions.some((interaction) => ITEM_INTERACTIONS.includes(interaction)) ? [itemPath] : [];
  const own = isPart ? [itemPath] : [path, ...items];
  return [...own, ...surface.mounts.flatMap((mount) => own.map((template) => mount + template))];
}
