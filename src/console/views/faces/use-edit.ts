// The state of an edit of a face: its text, its preview, saving it, and what is found when saving or the preview fails.
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { type ApiError, toApiError } from '../../api/api-error.ts';
import { type Json, parseExact } from '../../api/exact-json.ts';
import type { Face, Faces } from '../../api/faces-data.ts';
import { type ReadOptions, readSessionName } from '../../api/request.ts';
import { prepareToast } from '../../components/toast.tsx';
import { useIsMounted } from '../../components/use-is-mounted.ts';
import { dropEdit, type EditPlace, findKeptEdit, type KeptEdit, keepEdit, showInEditor } from '../../edits/kept-edits.ts';
import { loadFaces } from './load-faces.ts';
import { contains } from './merge.ts';
import { readContent, type Write } from './preview.ts';
import { restore, saveEdit } from './save.ts';
import { type PreviewState, toEditorText, usePreview } from './use-preview.ts';

interface EditOptions {
  place: EditPlace;
  faces: Faces;
  /** Undefined: the FHIR resource. */
  face: Face | undefined;
  onSaved: () => void;
  /** Reads the resource again. */
  reload: () => void;
}

/** Somebody else saved the resource meanwhile. */
interface EditConflict {
  /** The edited content that was compared. */
  mine: Json;
  theirs: Faces;
}

interface EditState {
  /** What the edit is based on. */
  base: Faces;
  text: string;
  setText: (text: string) => void;
  preview: PreviewState;
  conflict: EditConflict | undefined;
  failure: ApiError | undefined;
  /** While it is saved, or compared with what is stored. */
  isLocked: boolean;
  /** Undefined if there is nothing that can be saved. */
  save: (() => Promise<void>) | undefined;
  takeMerged: (text: string, theirs: Faces) => void;
}

export function useEdit({ place, faces, face, onSaved, reload }: EditOptions): EditState {
  const [kept] = useState(() => findKeptEdit(place));
  const [base, setBase] = useState(kept?.base ?? faces);
  const [text, setText] = useState(() => kept?.text ?? toEditorText(faces, face));
  const [isLocked, setIsLocked] = useState(false);
  const preview = usePreview(base, face, text);
  useKeeping({ ...place, base, text }, preview.state !== 'unchanged');
  const { conflict, setConflict, failure, setFailure, examine } = useRefusal(base, face);
  const isMounted = useIsMounted();
  const whileLocked = async (action: () => Promise<void>): Promise<void> => {
    setIsLocked(true);
    await action().finally(() => setIsLocked(false));
  };
  useEffect(() => {
    setFailure(undefined);
    if (preview.state === 'failed') void whileLocked(async () => void (await examine(preview.error, text, readSessionName())));
  }, [preview]);
  const save = (write: Write): Promise<void> =>
    whileLocked(async () => {
      setFailure(undefined);
      const session = readSessionName();
      const tellSaved = prepareSaved(base, session, reload);
      try {
        tellSaved(await saveEdit(base, { face, write, session }));
      } catch (error) {
        if ((await examine(toApiError(error), text, session)) !== 'saved') return;
        tellSaved(undefined);
      }
      dropEdit(place);
      if (isMounted.current) onSaved();
    });
  const takeMerged = (merged: string, theirs: Faces): void => {
    setBase(theirs);
    setText(merged);
    setConflict(undefined);
  };
  const write = preview.state === 'ready' && preview.preview.changes && !conflict ? preview.preview.write : undefined;
  return { base, text, setText, preview, conflict, failure, isLocked, save: write && (() => save(write)), takeMerged };
}

/** Keeps the edit beyond the session, before the page is painted. */
function useKeeping(edit: KeptEdit, isChanged: boolean): void {
  const { owner, path, base, text } = edit;
  const user = `${owner.tenant.slug} ${owner.actors.join(' ')}`;
  useLayoutEffect(() => showInEditor(edit), [user, path]);
  useLayoutEffect(() => {
    if (isChanged) keepEdit(edit);
    else dropEdit(edit);
  }, [user, path, base, text, isChanged]);
}

/** What is stored when a write or its preview failed: the edit itself, because a response was lost, what somebody else saved, or neither. */
function useRefusal(base: Faces, face: Face | undefined) {
  const [conflict, setConflict] = useState<EditConflict>();
  const [failure, setFailure] = useState<ApiError>();
  const examine = async (error: ApiError, text: string, session: string | undefined): Promise<'saved' | 'conflict' | 'failed'> => {
    const mine = parseExact(text).value;
    const reading: ReadOptions = { kind: 'single-read', session };
    const theirs = isMaybeStored(error) ? await loadFaces(base.type, base.id, reading).catch(() => undefined) : undefined;
    const content = theirs && theirs.version !== base.version ? readContent(theirs, face) : undefined;
    if (theirs && content) {
      if (contains(content, { base: readContent(base, face), mine })) return 'saved';
      setConflict({ mine, theirs });
      return 'conflict';
    }
    setFailure(error);
    return 'failed';
  };
  return { conflict, setConflict, failure, setFailure, examine };
}

/** Without a response the write may be stored. 412 is a conflict in FHIR; vendors respond with 409, too, which may have other reasons. */
const isMaybeStored = ({ status }: ApiError): boolean => status === 0 || status === 409 || status === 412;

/**
 * Called before an edit is saved; the result tells whoever saves it, and nobody else, that it is, and offers to take it back. It takes the new version; without one, others
 * may have saved at the same time, so that nothing can be taken back safely.
 */
function prepareSaved(before: Faces, session: string | undefined, reload: () => void): (version: string | undefined) => void {
  const show = prepareToast();
  const undo = (version: string): void =>
    void restore(before, version, session)
      .then(() => {
        show({ text: 'The edit was taken back' });
        reload();
      })
      .catch((error: unknown) => show({ text: `It could not be taken back: ${toApiError(error).message}`, tone: 'bad' }));
  return (version) =>
    version === undefined
      ? show({ text: 'Saved' })
      : show({ text: `Saved version ${version}`, action: { label: 'Undo', run: () => undo(version) } });
}
