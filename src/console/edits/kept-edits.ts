// Edits that are not saved, in the memory of the page only. They outlive the session, which may end by itself or be changed by another tab: their user goes on after signing
// in again. Nobody else sees them.
import { useEffect, useState } from 'preact/hooks';
import type { Faces } from '../api/faces-data.ts';
import { findTenant, type Session, type Tenant } from '../api/session.ts';

/** Whose edit it is: somebody in a tenant who has one of these credentials. */
interface EditOwner {
  tenant: Tenant;
  actors: string[];
}

/** Whose edit it is, and of what. */
export interface EditPlace {
  owner: EditOwner;
  /** The path of its editor, without patient data. */
  path: string;
}

export interface KeptEdit extends EditPlace {
  /** What the edit is based on. */
  base: Faces;
  /** The edited face, as JSON. */
  text: string;
}

const CHANGED = 'facet:kept-edits';

let edits: KeptEdit[] = [];
/** The edit that is in the editor. */
let shown: EditPlace | undefined;

/** Undefined: a session that reads no resources. */
export function findOwner(session: Session): EditOwner | undefined {
  const tenant = findTenant(session);
  return tenant && { tenant, actors: session.surfaces.map(({ actor }) => actor) };
}

export const isSameOwner = (one: EditOwner, other: EditOwner | undefined): boolean =>
  one.tenant.slug === other?.tenant.slug && one.actors.some((actor) => other.actors.includes(actor));

const isSamePlace = (one: EditPlace, other: EditPlace | undefined): boolean =>
  one.path === other?.path && isSameOwner(one.owner, other.owner);

export function keepEdit(edit: KeptEdit): void {
  edits = [...edits.filter((other) => !isSamePlace(other, edit)), edit];
  // the same listener is added once
  window.addEventListener('beforeunload', askBeforeUnload);
}

/** It was saved, or the user gave it up. */
export function dropEdit(place: EditPlace): void {
  edits = edits.filter((other) => !isSamePlace(other, place));
  if (edits.length === 0) window.removeEventListener('beforeunload', askBeforeUnload);
  announceChange();
}

const askBeforeUnload = (event: BeforeUnloadEvent): void => event.preventDefault();

const announceChange = (): void => void window.dispatchEvent(new Event(CHANGED));

export const findKeptEdit = (place: EditPlace): KeptEdit | undefined => edits.find((edit) => isSamePlace(edit, place));

/** Says which edit is in the editor, until the returned function is called. */
export function showInEditor(place: EditPlace): () => void {
  shown = place;
  announceChange();
  return () => {
    shown = undefined;
    announceChange();
  };
}

const listWaiting = (): KeptEdit[] => edits.filter((edit) => !isSamePlace(edit, shown));

function useCurrent<T>(read: () => T): T {
  const [current, setCurrent] = useState(read);
  useEffect(() => {
    const update = (): void => setCurrent(read);
    update();
    window.addEventListener(CHANGED, update);
    return () => window.removeEventListener(CHANGED, update);
  }, []);
  return current;
}

/** The edits that are not in the editor. */
export const useKeptEdits = (): KeptEdit[] => useCurrent(listWaiting);

/** Whether any edit would be lost with the page. */
export const useHasEdits = (): boolean => useCurrent(() => edits.length > 0);
