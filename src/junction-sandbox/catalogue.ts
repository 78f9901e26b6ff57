// The catalogue of the sandbox's team: its lab tests, their markers, and the laboratory's markers that can be ordered one by one.
// https://docs.junction.com/api-reference/lab-testing/tests, https://docs.junction.com/api-reference/lab-testing/markers
import { MARKERS, type Marker } from './markers.ts';
import { LAB } from './order-json.ts';
import { ok, type Reply, refuse, SANDBOX_PANELS, type SandboxRequest, type SandboxState, toLabTestMethod } from './sandbox-state.ts';

/** The cursor is the position of the next lab test. Junction documents its form as opaque. */
export function listLabTests(state: SandboxState, { query }: SandboxRequest): Reply {
  const start = Number(query.get('next_cursor') ?? 0);
  const limit = Math.min(Number(query.get('lab_test_limit') ?? 50), state.cataloguePageSize);
  const all = [...state.labTests];
  const next = start + limit;
  return ok({
    data: all.slice(start, next).map((id) => toLabTestJson(state, id)),
    next_cursor: next < all.length ? String(next) : null,
  });
}

const toLabTestJson = ({ inactiveLabTests }: SandboxState, id: string): object => {
  const isActive = !inactiveLabTests.has(id);
  const name = Object.keys(SANDBOX_PANELS).find((panel) => SANDBOX_PANELS[panel]!.includes(id)) ?? MARKERS[id]?.[0]?.slug ?? id;
  return {
    id,
    slug: name,
    name,
    sample_type: 'serum',
    method: toLabTestMethod(id),
    price: 0,
    is_active: isActive,
    status: isActive ? 'active' : 'inactive',
    fasting: false,
    lab: LAB,
    markers: null,
  };
};

export function listLabTestMarkers(state: SandboxState, { path: [id], query }: SandboxRequest): Reply {
  return state.labTests.has(id!) ? toMarkersPage(state, MARKERS[id!] ?? [], query) : refuse(404, 'Lab test not found.');
}

/** The remark of the laboratory cannot be ordered. */
export function listSingleMarkers(state: SandboxState, { query }: SandboxRequest): Reply {
  const isOwn = [null, LAB.slug].includes(query.get('lab_slug'));
  const all = new Map(
    Object.values(MARKERS)
      .flat()
      .map((marker) => [marker.code, marker]),
  );
  return toMarkersPage(state, isOwn ? [...all.values()].filter(({ type }) => type !== 'comment') : [], query);
}

function toMarkersPage({ cataloguePageSize }: SandboxState, markers: Marker[], query: URLSearchParams): Reply {
  const [page, requested] = [Number(query.get('page') ?? 1), Number(query.get('size') ?? 50)];
  const size = Math.min(requested, cataloguePageSize);
  if (!(page >= 1) || !(requested >= 1 && requested <= 100))
    return refuse(422, [{ type: 'value_error', loc: ['query', 'size'], msg: 'Input should be from 1 to 100', input: query.get('size') }]);
  const pages = Math.ceil(markers.length / size);
  return ok({ markers: markers.slice((page - 1) * size, page * size).map(toMarkerJson), total: markers.length, page, size, pages });
}

const toMarkerJson = ({ name, slug, code, unit, loinc }: Marker): object => ({
  id: Number(code),
  name,
  slug,
  description: null,
  lab_id: LAB.id,
  provider_id: code,
  type: 'biomarker',
  unit,
  price: null,
  aoe: null,
  a_la_carte_enabled: true,
  is_orderable: true,
  expected_results: [{ id: Number(code), name, slug, lab_id: LAB.id, provider_id: code, loinc: loinc && toLoincJson(loinc, slug, name) }],
});

const toLoincJson = (code: string, slug: string, name: string): object => ({ id: 1, name, slug, code, unit: null });
