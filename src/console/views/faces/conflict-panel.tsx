// Somebody else saved the resource meanwhile: my changes, their changes, and both merged from the version that mine are based on.
import { useMemo, useState } from 'preact/hooks';
import { formatExact, type Json } from '../../api/exact-json.ts';
import type { Face, Faces } from '../../api/faces-data.ts';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { listDifferences } from './diff.ts';
import { JsonDiff } from './json-diff.tsx';
import { type Choice, type Conflict, merge } from './merge.ts';
import { readContent } from './preview.ts';

interface ConflictPanelProps {
  base: Faces;
  /** The edited content. */
  mine: Json;
  theirs: Faces;
  face: Face | undefined;
  /** Goes on with the merged text, based on their version. */
  onMerged: (text: string, theirs: Faces) => void;
  onDiscard: () => void;
}

export function ConflictPanel({ base, mine, theirs, face, onMerged, onDiscard }: ConflictPanelProps) {
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map());
  const sides = useMemo(() => ({ base: readContent(base, face), mine, theirs: readContent(theirs, face) }), [base, mine, theirs]);
  const { merged, conflicts } = useMemo(() => merge(sides, choices), [sides, choices]);
  return (
    <section class="panel conflict" aria-labelledby="conflict">
      <div class="row">
        <Icon name="warning" />
        <h2 id="conflict">Somebody else saved version {theirs.version} meanwhile</h2>
      </div>
      <p role="alert">
        Your edit is based on version {base.version}.{' '}
        {conflicts.length === 0
          ? 'Both can be kept.'
          : `${conflicts.length} ${conflicts.length === 1 ? 'place was' : 'places were'} changed by both: choose.`}
      </p>
      {conflicts.map((conflict) => (
        <ConflictChoice
          key={conflict.path}
          conflict={conflict}
          choice={choices.get(conflict.path) ?? 'mine'}
          onChoose={(choice) => setChoices(new Map(choices).set(conflict.path, choice))}
        />
      ))}
      <div class="three-ways">
        <Way title="Mine" note={`what you changed in version ${base.version}`} before={sides.base} after={sides.mine} />
        <Way title="Theirs" note={`what version ${theirs.version} changed`} before={sides.base} after={sides.theirs} />
        <Way title="Merged" note={`what you would change in version ${theirs.version}`} before={sides.theirs} after={merged} />
      </div>
      <div class="row">
        <Button variant="primary" onClick={() => onMerged(formatExact(merged ?? {}), theirs)}>
          Go on with the merged version
        </Button>
        <Button onClick={onDiscard}>Discard my edit</Button>
      </div>
    </section>
  );
}

const Way = ({ title, note, before, after }: { title: string; note: string; before: Json | undefined; after: Json | undefined }) => (
  <section aria-label={title}>
    <h3>{title}</h3>
    <p class="quiet">{note}</p>
    <JsonDiff label={title} changes={listDifferences(before, after)} />
  </section>
);

interface ConflictChoiceProps {
  conflict: Conflict;
  choice: Choice;
  onChoose: (choice: Choice) => void;
}

const ConflictChoice = ({ conflict: { path, mine, theirs }, choice, onChoose }: ConflictChoiceProps) => (
  <fieldset class="conflict-choice">
    <legend>
      <code>{path || '(all)'}</code>
    </legend>
    {(['mine', 'theirs'] as const).map((side) => (
      <label key={side}>
        <input type="radio" name={`conflict ${path}`} checked={choice === side} onChange={() => onChoose(side)} />
        <span>{side === 'mine' ? 'Mine' : 'Theirs'}</span>
        <code>{describe(side === 'mine' ? mine : theirs)}</code>
      </label>
    ))}
  </fieldset>
);

const describe = (value: Json | undefined): string => (value === undefined ? '(removed)' : formatExact(value));
