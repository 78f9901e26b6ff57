// One resource and all its faces: FHIR beside each vendor's view. Pointing at a field highlights the elements it is read from, and pointing at an element the fields that
// show it; each face that can be changed can be edited.
import { useEffect, useRef } from 'preact/hooks';
import type { Faces } from '../../api/faces-data.ts';
import { useRequest } from '../../api/use-request.ts';
import { focusHeading } from '../../arrival.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { navigate, useLocation } from '../../router.ts';
import type { ViewProps } from '../view.ts';
import { FaceEditor } from './face-editor.tsx';
import './faces.css';
import { FacesBoard } from './faces-board.tsx';
import { loadFaces } from './load-faces.ts';
import { Narrative } from './narrative-view.tsx';
import { ResourceHeader } from './resource-header.tsx';

export function View({ params: { type = '', id = '' } }: ViewProps) {
  const request = useRequest([type, id], (options) => loadFaces(type, id, options));
  const shown = 'data' in request ? request.data : undefined;
  return (
    <>
      <ResourceHeader type={type} id={id} current="" version={shown?.version} />
      <RequestView request={request} title="Read the resource and its faces" lines={12}>
        {(faces) => <LoadedFaces faces={faces} reload={request.reload} />}
      </RequestView>
    </>
  );
}

/** `?edit=` names the face that is edited. */
function LoadedFaces({ faces, reload }: { faces: Faces; reload: () => void }) {
  const edited = useLocation().query.get('edit');
  useFocus(edited);
  const path = `/${faces.type}/${faces.id}`;
  const toEditPath = (key: string): string => `${path}?edit=${encodeURIComponent(key)}`;
  const face = faces.faces.find(({ key }) => key === edited);
  if (edited === 'fhir' || face)
    return (
      <FaceEditor
        key={edited}
        path={toEditPath(edited!)}
        faces={faces}
        face={face}
        onClose={() => navigate(path, { isForced: true })}
        onSaved={() => {
          navigate(path, { replace: true, isForced: true });
          reload();
        }}
        reload={reload}
      />
    );
  return (
    <div class="resource-view">
      <FacesBoard faces={faces} onEdit={(key) => navigate(toEditPath(key))} />
      <Narrative resource={faces.resource} />
    </div>
  );
}

/** The editor and the faces take each other's place, and the focus goes along. */
function useFocus(edited: string | null): void {
  const shown = useRef(edited);
  useEffect(() => {
    if (shown.current === edited) return;
    shown.current = edited;
    focusHeading(edited === null ? undefined : '.editor-bar h2');
  }, [edited]);
}
