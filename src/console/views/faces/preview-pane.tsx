// What an edit would change, face by face, or why it would be refused.
import type { ApiError } from '../../api/api-error.ts';
import type { Face } from '../../api/faces-data.ts';
import { FHIR } from '../../api/fhir.ts';
import { findApiTitle } from '../../api/session.ts';
import { Badge } from '../../components/badge.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Icon } from '../../components/icons.tsx';
import { useSignedIn } from '../../session-context.tsx';
import { JsonDiff } from './json-diff.tsx';
import type { PlacedProblem, Preview } from './preview.ts';
import { findPreview, type PreviewState } from './use-preview.ts';

interface PreviewPaneProps {
  state: PreviewState;
  face: Face | undefined;
  problems: PlacedProblem[];
  /** Why it was not saved, or could not be previewed. */
  failure: ApiError | undefined;
  onGoTo: (problem: PlacedProblem) => void;
}

export function PreviewPane({ state, face, problems, failure, onGoTo }: PreviewPaneProps) {
  const preview = findPreview(state);
  return (
    <section class="panel preview-pane" aria-label="Preview" aria-busy={state.state === 'checking'} tabIndex={0}>
      <p class="preview-state" role="status">
        {describeState(state)}
      </p>
      {failure && <ErrorNotice error={failure} title="This edit cannot be saved" />}
      {problems.length > 0 && <ProblemList problems={problems} onGoTo={onGoTo} />}
      {preview?.changes && <Changes changes={preview.changes} edited={face?.key ?? 'fhir'} />}
      {state.state === 'ready' && preview?.changes && <WriteNote preview={preview} face={face} />}
    </section>
  );
}

function describeState(state: PreviewState): string {
  if (state.state === 'unchanged')
    return 'Edit the JSON: what it changes in FHIR and in every face is shown here before anything is saved.';
  if (state.state === 'checking') return 'Checking …';
  if (state.state === 'unreadable') return 'Not checked yet.';
  if (state.state === 'failed') return 'No preview.';
  if (!state.preview.changes) return `It would be refused with status ${state.preview.status}. Nothing is saved.`;
  return 'Nothing is saved yet. Saving changes this:';
}

const ProblemList = ({ problems, onGoTo }: { problems: PlacedProblem[]; onGoTo: (problem: PlacedProblem) => void }) => (
  <ul class="problems">
    {problems.map((problem) => (
      <li key={`${problem.path} ${problem.text}`}>
        <button type="button" onClick={() => onGoTo(problem)}>
          <Icon name="warning" />
          <span>
            Line {problem.line}
            {problem.path && (
              <>
                {' '}
                <code>{problem.path}</code>
              </>
            )}
          </span>
        </button>
        <span>{problem.text}</span>
      </li>
    ))}
  </ul>
);

function Changes({ changes: { fhir, faces }, edited }: { changes: NonNullable<Preview['changes']>; edited: string }) {
  const session = useSignedIn();
  const titleOf = (surface: string): string => findApiTitle(session, surface);
  const changed = faces.filter(({ changes }) => changes.length > 0);
  const same = faces.filter(({ changes }) => changes.length === 0);
  return (
    <>
      <ChangeGroup title="FHIR" note="" isEdited={edited === 'fhir'} changes={fhir} />
      {changed.map(({ key, surface, shape, changes }) => (
        <ChangeGroup key={key} title={titleOf(surface)} note={shape} isEdited={edited === key} changes={changes} />
      ))}
      {same.length > 0 && <p class="quiet">Unchanged: {same.map(({ surface, shape }) => `${titleOf(surface)} ${shape}`).join(', ')}</p>}
    </>
  );
}

const ChangeGroup = ({
  title,
  note,
  isEdited,
  changes,
}: {
  title: string;
  note: string;
  isEdited: boolean;
  changes: Parameters<typeof JsonDiff>[0]['changes'];
}) => (
  <div class="change-group">
    <h3 class="row">
      {title} {note && <span class="quiet">{note}</span>}
      {isEdited && <Badge tone="accent">edited here</Badge>}
    </h3>
    <JsonDiff label={`Changes in ${title} ${note}`} changes={changes} />
  </div>
);

const WriteNote = ({ preview: { write }, face }: { preview: Preview; face: Face | undefined }) => (
  <p class="quiet write-note">
    Saving sends{' '}
    <code>
      {write.method} {face ? `/${face.surface}` : FHIR}
      {write.path}
    </code>{' '}
    with <code>If-Match: {write.ifMatch}</code>.
  </p>
);
