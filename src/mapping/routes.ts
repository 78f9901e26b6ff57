// The routes of a shape, as templates: its collection, an item of it, or a part of an item; below each mount of its surface, too.
import type { Shape } from './shape.ts';

/** The names in braces, in their order. */
export const listPathParameters = (template: string): string[] => [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

const ITEM_INTERACTIONS: readonly string[] = ['read', 'update', 'replace', 'delete', 'perform'];

/** Every template that leads to a shape (`/v1/patients`, `/v1/patients/{id}`, `/v1/patients/{id}/safe`). */
export function listRoutes({ path, itemPath, interactions, surface }: Shape): string[] {
  const isPart = itemPath !== `${path}/{id}`;
  const items = interactions.some((one) => ITEM_INTERACTIONS.includes(one)) ? [itemPath] : [];
  const own = isPart ? [itemPath] : [path, ...items];
  return [...own, ...surface.mounts.flatMap((mount) => own.map((template) => mount + template))];
}
