// The columns of the faces view: the FHIR resource, and the views of one surface.
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { findEditDenial } from '../../api/access.ts';
import type { Face, Faces } from '../../api/faces-data.ts';
import { openAddKey } from '../../components/add-key-button.tsx';
import { Button } from '../../components/button.tsx';
import { hasSurface, useSignedIn } from '../../session-context.tsx';
import { ElementFinder } from './element-finder.tsx';
import { JsonRows } from './json-rows.tsx';
import { findElementHighlight, findFieldHighlight, isUnshown } from './lineage.ts';
import type { Pointing } from './pointing.ts';
import { listRows } from './rows.ts';

interface ColumnProps {
  title: string;
  subtitle: ComponentChildren;
  actions: ComponentChildren;
  children: ComponentChildren;
}

const Column = ({ title, subtitle, actions, children }: ColumnProps) => (
  <section class="face-column panel" aria-label={title}>
    <header>
      <div class="face-title">
        <h2>{title}</h2>
        {actions}
      </div>
      {subtitle}
    </header>
    <div class="face-body">{children}</div>
  </section>
);

interface SharedProps {
  pointing: Pointing;
  onEdit: (key: string) => void;
}

export function FhirColumn({ faces, pointing, onEdit }: SharedProps & { faces: Faces }) {
  const rows = useMemo(() => listRows(faces.resource), [faces]);
  const { target, highlights, isPinned, onPoint, onPin } = pointing;
  const isTarget = (path: string): boolean => target !== undefined && target.face === undefined && target.path === path;
  return (
    <Column
      title="FHIR"
      subtitle={<ElementFinder rows={rows} onFind={(path) => onPin({ path })} />}
      actions={<EditButton surface="fhir" type={faces.type} title="FHIR" onEdit={() => onEdit('fhir')} />}
    >
      <JsonRows
        label="FHIR resource"
        rows={rows}
        findHighlight={(path) => highlights && findElementHighlight(highlights, path)}
        isTarget={isTarget}
        isPinned={(path) => isPinned && isTarget(path)}
        isUnshown={(path) => isUnshown(faces, path)}
        onPoint={(path) => onPoint(path === undefined ? undefined : { path })}
        onPin={(path) => onPin({ path })}
      />
    </Column>
  );
}

interface FaceColumnProps extends SharedProps {
  title: string;
  /** The type of the resource. */
  type: string;
  /** The faces of the surface. */
  faces: Face[];
  shown: Face;
  onShow: (face: Face) => void;
}

export function FaceColumn({ title, type, faces, shown, onShow, pointing, onEdit }: FaceColumnProps) {
  return (
    <Column
      title={title}
      subtitle={<FaceChoice title={title} faces={faces} shown={shown} onShow={onShow} pointing={pointing} />}
      actions={
        shown.isEditable && (
          <EditButton surface={shown.surface} type={type} title={`${title} ${shown.shape}`} onEdit={() => onEdit(shown.key)} />
        )
      }
    >
      {shown.view ? <FaceRows title={title} face={shown} pointing={pointing} /> : <Withheld face={shown} />}
    </Column>
  );
}

function FaceRows({ title, face, pointing }: { title: string; face: Face; pointing: Pointing }) {
  const rows = useMemo(() => listRows(face.view ?? {}), [face]);
  const { target, highlights, isPinned, onPoint, onPin } = pointing;
  const isTarget = (path: string): boolean => target?.face === face.key && target.path === path;
  return (
    <JsonRows
      key={face.key}
      label={`${title}: ${face.shape}`}
      rows={rows}
      findHighlight={(path) => highlights && findFieldHighlight(highlights, face, path)}
      isTarget={isTarget}
      isPinned={(path) => isPinned && isTarget(path)}
      onPoint={(path) => onPoint(path === undefined ? undefined : { face: face.key, path })}
      onPin={(path) => onPin({ face: face.key, path })}
    />
  );
}

/** The face's name and path; a choice where the surface has several. */
function FaceChoice({ title, faces, shown, onShow, pointing }: Omit<FaceColumnProps, 'type' | 'onEdit'>) {
  const nameOf = ({ shape, item }: Face): string => (item === undefined ? shape : `${shape}: ${item}`);
  const countOf = ({ key }: Face): string => {
    const count = [...(pointing.highlights?.fields.get(key)?.values() ?? [])].filter((kind) => kind === 'shows').length;
    return count > 0 && key !== shown.key ? ` (${count} highlighted)` : '';
  };
  return (
    <>
      {faces.length > 1 ? (
        <select
          aria-label={`Face of ${title}`}
          value={shown.key}
          onChange={(event) => onShow(faces.find(({ key }) => key === event.currentTarget.value) ?? shown)}
        >
          {faces.map((face) => (
            <option key={face.key} value={face.key}>
              {nameOf(face) + countOf(face)}
            </option>
          ))}
        </select>
      ) : (
        <span class="quiet">{nameOf(shown)}</span>
      )}
      <code class="quiet">{shown.path}</code>
    </>
  );
}

interface EditButtonProps {
  surface: string;
  type: string;
  title: string;
  onEdit: () => void;
}

function EditButton({ surface, type, title, onEdit }: EditButtonProps) {
  const session = useSignedIn();
  const isOpen = hasSurface(session, surface);
  return (
    <Button
      disabledReason={findEditDenial(session, { surface, type })}
      icon={isOpen ? undefined : 'key'}
      onClick={isOpen ? onEdit : openAddKey}
    >
      {isOpen ? 'Edit' : 'Add a key to edit'}
      <span class="unseen"> {title}</span>
    </Button>
  );
}

const Withheld = ({ face: { needs } }: { face: Face }) => (
  <p class="withheld quiet">
    This face shows other resources, too. Your key needs {needs.length > 1 ? 'the scopes ' : 'the scope '}
    {needs.map((scope, at) => (
      <>
        {at > 0 && ', '}
        <code key={scope}>{scope}</code>
      </>
    ))}{' '}
    to see it whole.
  </p>
);
