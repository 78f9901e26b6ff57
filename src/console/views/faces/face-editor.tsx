// Edits one face: its JSON in an editor, and beside it what the edit changes in FHIR and in every other face, before anything is saved.
import { useMemo, useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { CodeEditor } from '../../components/code-editor.tsx';
import { LeaveDialog } from '../../components/leave-dialog.tsx';
import { useSignedIn } from '../../session-context.tsx';
import { ConflictPanel } from './conflict-panel.tsx';
import type { Face, Faces } from './faces-data.ts';
import type { PlacedProblem } from './preview.ts';
import { PreviewPane } from './preview-pane.tsx';
import { useEdit } from './use-edit.ts';
import type { PreviewState } from './use-preview.ts';

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
  const { base, text, setText, preview, conflict, failure, isLocked, save, takeMerged } = useEdit(props);
  const [cursor, setCursor] = useState<{ position: number }>();
  const problems = useMemo(() => listProblems(preview), [preview]);
  const title = useTitle(face);
  const discard = (): void => {
    reload();
    onClose();
  };
  return (
    <div class="resource-view">
      <LeaveDialog isChanged={preview.state !== 'unchanged'} />
      <EditorBar title={title} onClose={onClose} save={save} />
      {conflict && <ConflictPanel base={base} {...conflict} face={face} onMerged={takeMerged} onDiscard={discard} />}
      <div class="editor-panes" hidden={conflict !== undefined}>
        <section class="panel" aria-label={`${title} as JSON`}>
          <CodeEditor
            key={base.version}
            text={text}
            label={`${title} as JSON`}
            problems={problems}
            cursor={cursor}
            isReadOnly={isLocked}
            onChange={setText}
          />
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

function listProblems(preview: PreviewState): PlacedProblem[] {
  if (preview.state === 'unreadable') return [preview.problem];
  return preview.state === 'ready' ? preview.preview.problems : [];
}

function useTitle(face: Face | undefined): string {
  const { available } = useSignedIn();
  if (!face) return 'FHIR';
  return `${available.find(({ name }) => name === face.surface)?.title ?? face.surface} ${face.shape}`;
}
