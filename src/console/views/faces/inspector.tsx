// What belongs to the field or element that the user points at, in words: where it is read from, by which line of the mapping, and who else shows it.
import { useMemo } from 'preact/hooks';
import type { FaceField } from '../../api/faces-body.ts';
import type { Face, Faces } from '../../api/faces-data.ts';
import { toHref } from '../../router.ts';
import { findFields, type HighlightedField } from './lineage.ts';
import type { Pointing } from './pointing.ts';

interface InspectorProps {
  faces: Faces;
  pointing: Pointing;
  /** The title of a surface. */
  titleOf: (surface: string) => string;
  onShowElement: () => void;
  onShowField: (face: Face) => void;
}

export function Inspector({ faces, pointing, titleOf, onShowElement, onShowField }: InspectorProps) {
  const { target, highlights, isPinned, onPin, release } = pointing;
  const face = faces.faces.find(({ key }) => key === target?.face);
  const showElement = (path: string): void => {
    onPin({ path });
    onShowElement();
  };
  const showField = ({ face: other, field }: HighlightedField): void => {
    onPin({ face: other.key, path: field.name });
    onShowField(other);
  };
  const chips = { titleOf, showElement, showField };
  return (
    <aside class="inspector panel" aria-label="Lineage">
      {target && highlights && face && <FieldLineage face={face} path={target.path} others={highlights.list} {...chips} />}
      {target && highlights && !face && <ElementLineage path={target.path} list={highlights.list} {...chips} />}
      {!target && <Hint unshown={faces.unshown} showElement={showElement} />}
      {isPinned && (
        <button type="button" class="chip pinned" onClick={release}>
          Unpin <kbd>Esc</kbd>
        </button>
      )}
    </aside>
  );
}

interface Chips {
  titleOf: (surface: string) => string;
  showElement: (path: string) => void;
  showField: (field: HighlightedField) => void;
}

const Hint = ({ unshown, showElement }: { unshown: string[]; showElement: (path: string) => void }) => (
  <>
    <p>Point at a field or an element to see what belongs to it. Click or press Enter to pin it.</p>
    {unshown.length > 0 ? (
      <Line title={`Shown by no face (${unshown.length})`}>
        {unshown.map((path) => (
          <Chip key={path} text={path} onClick={() => showElement(path)} />
        ))}
      </Line>
    ) : (
      <p class="quiet">Every element is shown by a face.</p>
    )}
  </>
);

function ElementLineage({ path, list, ...chips }: Chips & { path: string; list: HighlightedField[] }) {
  const shows = list.filter(({ kind }) => kind === 'shows');
  const decides = list.filter(({ kind }) => kind === 'decides');
  return (
    <>
      <p class="inspected">
        <code>{path}</code>{' '}
        {shows.length === 0 ? 'is shown by no face.' : `is shown by ${shows.length === 1 ? 'one field' : `${shows.length} fields`}.`}
      </p>
      <FieldChips title="Shown by" list={shows} {...chips} />
      <FieldChips title="Decides for" list={decides} {...chips} />
    </>
  );
}

function FieldLineage({ face, path, others, ...chips }: Chips & { face: Face; path: string; others: HighlightedField[] }) {
  const fields = useMemo(() => findFields(face, path), [face, path]);
  const rest = others.filter(({ field }) => !fields.includes(field));
  const [only] = fields;
  return (
    <>
      <p class="inspected">
        <span class="quiet">{chips.titleOf(face.surface)}</span> <code>{path}</code>{' '}
        {fields.length === 1 && only ? <MappingLine face={face} field={only} /> : <span class="quiet">{fields.length} fields</span>}
      </p>
      <ElementChips title="Read from" fields={fields} kind="elements" {...chips} />
      <ElementChips title="Decided by" fields={fields} kind="conditions" {...chips} />
      <FieldChips title="Also shown by" list={rest} {...chips} />
    </>
  );
}

const MappingLine = ({ face, field: { mapping, fhir } }: { face: Face; field: FaceField }) => (
  <span class="quiet">
    {' '}
    mapping{' '}
    <a href={toHref(`/mappings/${face.surface}/${face.shape}`)}>
      <code>{mapping}</code>
    </a>
    {fhir.length > 0 && (
      <>
        {' '}
        FHIRPath <code>{fhir.join(' | ')}</code>
      </>
    )}
  </span>
);

/** Elements of other resources lead to these. */
function ElementChips({
  title,
  fields,
  kind,
  showElement,
}: Chips & { title: string; fields: FaceField[]; kind: 'elements' | 'conditions' }) {
  const all = fields.flatMap((field) => field[kind]);
  const list = [...new Map(all.map((element) => [`${element.resource ?? ''} ${element.path}`, element])).values()];
  if (list.length === 0)
    return kind === 'elements' ? <p class="quiet">Nothing of this resource: its value is fixed, computed, or absent.</p> : null;
  return (
    <Line title={title}>
      {list.map(({ path, resource }) =>
        resource === undefined ? (
          <Chip key={path} text={path} onClick={() => showElement(path)} />
        ) : (
          <a key={`${resource} ${path}`} class="chip" href={toHref(`/${resource}`)}>
            {resource} · {path}
          </a>
        ),
      )}
    </Line>
  );
}

const FieldChips = ({ title, list, titleOf, showField }: Chips & { title: string; list: HighlightedField[] }) =>
  list.length === 0 ? null : (
    <Line title={title}>
      {list.map((one) => (
        <Chip
          key={`${one.face.key} ${one.field.name}`}
          label={titleOf(one.face.surface)}
          text={one.field.name}
          note={one.face.shape}
          onClick={() => showField(one)}
        />
      ))}
    </Line>
  );

const Line = ({ title, children }: { title: string; children: preact.ComponentChildren }) => (
  <div class="lineage">
    <span class="quiet">{title}</span>
    <div class="chips">{children}</div>
  </div>
);

const Chip = ({ text, label, note, onClick }: { text: string; label?: string; note?: string; onClick: () => void }) => (
  <button type="button" class="chip" title={note} onClick={onClick}>
    {label !== undefined && <span class="quiet">{label}</span>}
    {text}
  </button>
);
