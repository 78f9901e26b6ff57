// Edits one face: its JSON in an editor, and beside it what the edit changes in FHIR and in every other face, before anything is saved.
import { useMemo, useState } from 'preact/hooks';
import { findEditDenial } from '../../api/access.ts';
import type { Face, Faces } from '../../api/faces-data.ts';
import { findApiTitle } from '../../api/session.ts';
import { Button } from '../../components/button.tsx';
import { CodeEditor } from '../../components/code-editor.tsx';
import { LeaveDialog } from '../../components/leave-dialog.tsx';
import { dropEdit, findOwner } from '../../edits/kept-edits.ts';
import { useSignedIn } from '../../session-context.tsx';
import { ConflictPanel } from './conflict-panel.tsx';
import type { PlacedProblem } from './preview.ts';
import { PreviewPane } from './preview-pane.tsx';
import { useEdit } from './use-edit.ts';
import type { PreviewState } from './use-preview.ts';

interface FaceEditorProps {
  /** Where it is, below /console. */
  path: string;
  faces: Faces;
  /** Undefined: the FHIR resource. */
  face: Face | undefined;
  onClose: () => void;
  onSaved: () => void;
  /** Reads the resource again. */
  reload: () => void;
}

export function FaceEditor(props: FaceEditorProps) {
  const { faces, face, path, reload } = props;
  const session = useSignedIn();
  // a session that reads resources has a tenant
  const place = { owner: findOwner(session)!, path };
  const denial = findEditDenial(session, { surface: face?.surface ?? 'fhir', type: faces.type });
  const { base, text, setText, preview, conflict, failure, isLocked, save, takeMerged } = useEdit({ ...props, place });
  const [cursor, setCursor] = useState<{ position: number }>();
  const problems = useMemo(() => listProblems(preview), [preview]);
  const title = useTitle(face);
  const giveUp = (): void => dropEdit(place);
  const close = (): void => {
    giveUp();
    props.onClose();
  };
  const discard = (): void => {
    reload();
    close();
  };
  return (
    <div class="resource-view">
      <LeaveDialog isChanged={preview.state !== 'unchanged'} onLeave={giveUp} />
      <EditorBar
        title={title}
        onClose={close}
        save={save}
        obstacle={denial ?? (save ? undefined : findObstacle(preview, conflict !== undefined))}
      />
      {denial && (
        <div class="notice warn">
          <p class="notice-body">{denial}</p>
        </div>
      )}
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

interface EditorBarProps {
  title: string;
  onClose: () => void;
  /** Undefined: nothing can be saved now, for the reason in `obstacle`. */
  save: (() => Promise<void>) | undefined;
  obstacle: string | undefined;
}

const EditorBar = ({ title, onClose, save, obstacle }: EditorBarProps) => (
  <div class="editor-bar row">
    <h2>Edit {title}</h2>
    <span class="grow" />
    <Button onClick={onClose}>Cancel</Button>
    <Button variant="primary" icon="check" disabledReason={obstacle} onClick={() => save?.()}>
      Save
    </Button>
  </div>
);

/** Why nothing can be saved now. */
function findObstacle({ state }: PreviewState, isConflict: boolean): string {
  if (isConflict) return 'Somebody else saved the resource meanwhile. Choose what to keep first.';
  if (state === 'unchanged') return 'Nothing is changed.';
  if (state === 'checking') return 'The edit is still being checked.';
  if (state === 'unreadable') return 'The text is not JSON that can be saved. The preview says where.';
  return 'The edit would be refused. The preview says why.';
}

function listProblems(preview: PreviewState): PlacedProblem[] {
  if (preview.state === 'unreadable') return [preview.problem];
  return preview.state === 'ready' ? preview.preview.problems : [];
}

function useTitle(face: Face | undefined): string {
  const session = useSignedIn();
  return face ? `${findApiTitle(session, face.surface)} ${face.shape}` : 'FHIR';
}
