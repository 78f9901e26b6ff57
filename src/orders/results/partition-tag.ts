// To which part of a tenant's data a result belongs: the same as the order it is of, by the order's own tag.
import type { ResourceEdit } from '../../interactions/read-modify-write-many.ts';

export interface Coding {
  system?: string;
  code?: string;
}

/** Puts the tag of this system that is among these on what an edit makes, unless one is there. */
export function addPartitionTag(tags: Coding[], system: string): (edit: ResourceEdit['edit']) => ResourceEdit['edit'] {
  const tag = tags.find((one) => one.system === system);
  return (edit) => (stands) => {
    const next = edit(stands);
    const own = (next?.meta?.tag ?? []) as Coding[];
    if (!next || !tag || own.some((one) => one.system === system)) return next;
    return { ...next, meta: { ...next.meta, tag: [...own, tag] } };
  };
}
