// Edits one face: its JSON in an editor, and beside it what the edit changes in FHIR and in every other face, before anything is saved.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError } from '../../api/api-error.ts';
import { Button } from '../../components/button.tsx';
import { CodeEditor } from '../../components/code-editor.tsx';
import { showToast } from '../../components/toast.tsx';
import { useSignedIn } from '../../session-context.tsx';
import { ConflictPanel } from './conflict-panel.tsx';
import type { Face, Faces } from './faces-data.ts';
import { loadFaces } from './load-faces.ts';
import { type PlacedProblem, readContent, type Write } from './preview.ts';
import { PreviewPane } from './preview-pane.tsx';
import { restore, saveEdit } from './save.ts';
import { type PreviewState, toEditorText, usePreview } from './use-preview.ts';

interface FaceEditorProps {
  faces: Faces;
  /** Undefined: the FHIR resource. */
  face: Face | undefined;
  onClose: () => void;
  onSaved: () => void;
  /** Reads the resource again. */
  reload: () => void;
}

export function FaceEditor(props: FaceEditorProps) {
  const { face, onClose, reload } = props;
  const { base, text, setText, preview, meanwhile, failure, save, takeMerged } = useEdit(props);
  const [cursor, setCursor] = useState<{ position: number }>();
  const problems = useMemo(() => listProblems(preview), [preview]);
  const title = useTitle(face);
  const discard = (): void => {
    reload();
    onClose();
  };
  return (
    <div class="resource-view">
      <EditorBar title={title} onClose={onClose} save={save} />
      {meanwhile && <ConflictPanel base={base} mine={text} theirs={meanwhile} face={face} onMerged={takeMerged} onDiscard={discard} />}
      <div class="editor-panes" hidden={meanwhile !== undefined}>
        <section class="panel" aria-label={`${title} as JSON`}>
          <CodeEditor key={base.version} text={text} label={`${title} as JSON`} problems={problems} cursor={cursor} onChange={setText} />
        </section>
        <PreviewPane
          state={preview}
          face={face}
          problems={problems}
          failure={failure}
          onGoTo={({ from }) => setCursor({ position: from })}
        />
      </div>
    </div>
  );
}

interface EditState {
  /** What the edit is based on. */
  base: Faces;
  text: string;
  setText: (text: string) => void;
  preview: PreviewState;
  /** What somebody else saved meanwhile. */
  meanwhile: Faces | undefined;
  failure: ApiError | undefined;
  /** Undefined if there is nothing that can be saved. */
  save: (() => Promise<void>) | undefined;
  takeMerged: (text: string, theirs: Faces) => void;
}

function useEdit({ faces, face, onSaved, reload }: FaceEditorProps): EditState {
  const [base, setBase] = useState(faces);
  const [text, setText] = useState(() => toEditorText(faces, face));
  const [meanwhile, setMeanwhile] = useState<Faces>();
  const [failure, setFailure] = useState<ApiError>();
  const preview = usePreview(base, face, text);
  useLeaveWarning(preview.state !== 'unchanged');
  const onRefused = async (error: ApiError): Promise<void> => {
    const theirs = isMaybeConflict(error) ? await loadFaces(base.type, base.id).catch(() => undefined) : undefined;
    if (theirs && theirs.version !== base.version && readContent(theirs, face)) setMeanwhile(theirs);
    else setFailure(error);
  };
  useEffect(() => {
    setFailure(undefined);
    if (preview.state === 'failed') void onRefused(preview.error);
  }, [preview]);
  const save = async (write: Write): Promise<void> => {
    setFailure(undefined);
    try {
      tellSaved(base, await saveEdit(base, face, write), reload);
      onSaved();
    } catch (error) {
      await onRefused(error instanceof ApiError ? error : new ApiError(-1, [{ text: String(error) }]));
    }
  };
  const takeMerged = (merged: string, theirs: Faces): void => {
    setBase(theirs);
    setText(merged);
    setMeanwhile(undefined);
  };
  const write = preview.state === 'ready' && preview.preview.changes && !meanwhile ? preview.preview.write : undefined;
  return { base, text, setText, preview, meanwhile, failure, save: write && (() => save(write)), takeMerged };
}

/** `save`: undefined if there is nothing that can be saved. */
const EditorBar = ({ title, onClose, save }: { title: string; onClose: () => void; save: (() => Promise<void>) | undefined }) => (
  <div class="editor-bar row">
    <h2>Edit {title}</h2>
    <span class="grow" />
    <Button onClick={onClose}>Cancel</Button>
    <Button variant="primary" icon="check" disabled={!save} onClick={() => save?.()}>
      Save
    </Button>
  </div>
);

/** 412 in FHIR; vendors respond with 409, too, which may have other reasons. */
const isMaybeConflict = ({ status }: ApiError): boolean => status === 409 || status === 412;

function listProblems(preview: PreviewState): PlacedProblem[] {
  if (preview.state === 'unreadable') return [preview.problem];
  return preview.state === 'ready' ? preview.preview.problems : [];
}

function useTitle(face: Face | undefined): string {
  const { available } = useSignedIn();
  if (!face) return 'FHIR';
  return `${available.find(({ name }) => name === face.surface)?.title ?? face.surface} ${face.shape}`;
}

/** `version`: the new one; undefined: others saved at the same time, so that nothing can be taken back safely. */
function tellSaved(before: Faces, version: string | undefined, reload: () => void): void {
  if (version === undefined) {
    showToast({ text: 'Saved' });
    return;
  }
  const undo = (): void =>
    void restore(before, version)
      .then(() => {
        showToast({ text: 'The edit was taken back' });
        reload();
      })
      .catch((error: unknown) =>
        showToast({ text: `It could not be taken back: ${error instanceof Error ? error.message : ''}`, tone: 'bad' }),
      );
  showToast({ text: `Saved version ${version}`, action: { label: 'Undo', run: undo } });
}

/** The browser asks before it leaves the page with an edit that is not saved. */
function useLeaveWarning(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isChanged]);
}
