// FHIR and the vendors' views side by side; on a narrow screen one of them at a time.
import { useMemo, useState } from 'preact/hooks';
import { type Face, type Faces, groupBySurface } from '../../api/faces-data.ts';
import { findApiTitle } from '../../api/session.ts';
import { Tabs } from '../../components/tabs.tsx';
import { useMedia } from '../../components/use-media.ts';
import { useSignedIn } from '../../session-context.tsx';
import { FaceColumn, FhirColumn } from './columns.tsx';
import { Inspector } from './inspector.tsx';
import type { Highlights } from './lineage.ts';
import { usePointing } from './pointing.ts';

const NARROW = '(max-width: 800px)';
const FHIR = 'fhir';

export function FacesBoard({ faces, onEdit }: { faces: Faces; onEdit: (key: string) => void }) {
  const pointing = usePointing(faces);
  const groups = useMemo(() => groupBySurface(faces.faces), [faces]);
  const [shapes, setShapes] = useState<Record<string, string>>({});
  const [tab, setTab] = useState(FHIR);
  const session = useSignedIn();
  const isNarrow = useMedia(NARROW);
  const titleOf = (surface: string): string => findApiTitle(session, surface);
  const showFace = (face: Face): void => {
    setShapes({ ...shapes, [face.surface]: face.key });
    setTab(face.surface);
  };
  const shared = { pointing, onEdit };
  const fhirColumn = <FhirColumn key={FHIR} faces={faces} {...shared} />;
  const columns = groups.map(({ surface, faces: own }) => (
    <FaceColumn
      key={surface}
      title={titleOf(surface)}
      type={faces.type}
      faces={own}
      shown={own.find(({ key }) => key === shapes[surface]) ?? own[0]!}
      onShow={showFace}
      {...shared}
    />
  ));
  const tabs = [
    { name: FHIR, title: 'FHIR' },
    ...groups.map(({ surface }) => ({
      name: surface,
      title: <TabTitle title={titleOf(surface)} count={countHighlighted(surface, pointing.highlights)} />,
    })),
  ];
  return (
    <div class="faces-board">
      {isNarrow ? (
        <Tabs label="Faces" tabs={tabs} current={tab} onSelect={setTab}>
          {tab === FHIR ? fhirColumn : columns.find(({ key }) => key === tab)}
        </Tabs>
      ) : (
        <div class="faces-columns">
          {fhirColumn}
          {columns}
        </div>
      )}
      <Inspector faces={faces} pointing={pointing} titleOf={titleOf} onShowElement={() => setTab(FHIR)} onShowField={showFace} />
    </div>
  );
}

const countHighlighted = (surface: string, highlights: Highlights | undefined): number =>
  highlights?.list.filter(({ face, kind }) => face.surface === surface && kind === 'shows').length ?? 0;

const TabTitle = ({ title, count }: { title: string; count: number }) => (
  <>
    {title}
    {count > 0 && (
      <span class="count">
        {count}
        <span class="unseen"> highlighted</span>
      </span>
    )}
  </>
);
