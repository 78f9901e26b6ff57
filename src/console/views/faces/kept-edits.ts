// Edits that are not saved, in the memory of the page only. They outlive the session, which may end by itself or be changed by another tab: who signs in again for the same
// tenant goes on.
import { useEffect, useState } from 'preact/hooks';
import type { Tenant } from '../../api/session.ts';
import type { Faces } from './faces-data.ts';

/** Whose edit it is, and of what. */
export interface EditPlace {
  tenant: Tenant;
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

const edits = new Map<string, KeptEdit>();
/** The edit that is in the editor. */
let shown: string | undefined;

const toKey = ({ tenant, path }: EditPlace): string => `${tenant.slug} ${path}`;

export function keepEdit(edit: KeptEdit): void {
  edits.set(toKey(edit), edit);
  // the same listener is added once
  window.addEventListener('beforeunload', askBeforeUnload);
}

/** It was saved, or the user gave it up. */
export function dropEdit(place: EditPlace): void {
  edits.delete(toKey(place));
  if (edits.size === 0) window.removeEventListener('beforeunload', askBeforeUnload);
  announceChange();
}

const askBeforeUnload = (event: BeforeUnloadEvent): void => event.preventDefault();

const announceChange = (): void => void window.dispatchEvent(new Event(CHANGED));

export const findKeptEdit = (place: EditPlace): KeptEdit | undefined => edits.get(toKey(place));

/** Says which edit is in the editor, until the returned function is called. */
export function showInEditor(place: EditPlace): () => void {
  shown = toKey(place);
  announceChange();
  return () => {
    shown = undefined;
    announceChange();
  };
}

const listWaiting = (): KeptEdit[] => [...edits.values()].filter((edit) => toKey(edit) !== shown);

/** The edits that are not in the editor. */
export function useKeptEdits(): KeptEdit[] {
  const [waiting, setWaiting] = useState(listWaiting);
  useEffect(() => {
    const update = (): void => setWaiting(listWaiting());
    update();
    window.addEventListener(CHANGED, update);
    return () => window.removeEventListener(CHANGED, update);
  }, []);
  return waiting;
}
