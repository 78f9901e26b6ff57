// The faces of one resource in this shape. A resource has several if the items of the shape are elements.

import { useState } from 'preact/hooks';
import { readFaces } from '../../api/faces.ts';
import type { FaceBody } from '../../api/faces-body.ts';
import { useRequest } from '../../api/use-request.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { RequestView } from '../../components/request-view.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { LineLink } from './field-list.tsx';
import { type FieldValue, listFieldValues } from './field-values.ts';

interface LiveFaceProps {
  surface: string;
  shape: string;
  resource: string;
  id: string;
}

export function LiveFace({ surface, shape, resource, id }: LiveFaceProps) {
  const loading = useRequest([resource, id], async (options) => (await readFaces(resource, id, options)).body);
  return (
    <RequestView request={loading} title={`Read ${resource}/${id} as this shape shows it`} lines={10}>
      {({ faces }) => {
        const own = (faces[surface] ?? []).filter((face) => face.shape === shape);
        return own.length ? own.map((face) => <Face key={face.item ?? ''} face={face} />) : <NoFace resource={resource} />;
      }}
    </RequestView>
  );
}

function Face({ face }: { face: FaceBody }) {
  const { item, view, needs } = face;
  return (
    <section class="panel" aria-label={item === undefined ? 'Live view' : `Live view of ${item}`}>
      {item !== undefined && <Badge>{item}</Badge>}
      {view === undefined ? (
        <p>
          This view shows other resources, too. Your key lacks the scopes <code>{needs?.join(' ')}</code>.
        </p>
      ) : (
        <Fields values={listFieldValues(face)} />
      )}
    </section>
  );
}

/** Most views have many fields without a value, which are shown on demand. */
function Fields({ values }: { values: FieldValue[] }) {
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? values : values.filter(({ value }) => hasValue(value));
  const hidden = values.filter(({ value }) => !hasValue(value)).length;
  return (
    <>
      <Table caption="Fields with their values" columns={COLUMNS} rows={shown} keyOf={({ name }) => name} />
      {hidden > 0 && (
        <div>
          <Button pressed={showsAll} onClick={() => setShowsAll(!showsAll)}>
            {`Fields without a value (${hidden})`}
          </Button>
        </div>
      )}
    </>
  );
}

const hasValue = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

const COLUMNS: Column<FieldValue>[] = [
  { title: 'Field', cell: ({ name }) => <code>{name}</code> },
  { title: 'Value', cell: ({ value }) => <Value value={value} /> },
  { title: 'Read from', cell: ({ elements }) => <Elements elements={elements} /> },
  { title: 'Line', cell: ({ mapping }) => <LineLink mapping={mapping} /> },
];

const Value = ({ value }: { value: unknown }) =>
  hasValue(value) ? (
    <span class="value">{typeof value === 'string' ? value : JSON.stringify(value)}</span>
  ) : (
    <span class="quiet">{value === undefined ? 'left out' : JSON.stringify(value)}</span>
  );

const Elements = ({ elements }: { elements: string[] }) =>
  elements.length ? (
    <span class="names">
      {elements.map((element) => (
        <code key={element}>{element}</code>
      ))}
    </span>
  ) : (
    <span class="quiet">–</span>
  );

const NoFace = ({ resource }: { resource: string }) => (
  <EmptyState icon="faces" title="This shape does not show the resource">
    <p>
      Not every {resource} is an item of this shape: it may lack an element that the shape needs, or the shape only creates. Choose another
      one.
    </p>
  </EmptyState>
);
