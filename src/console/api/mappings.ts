// What the vendors' mappings are: /console/api/mappings. docs/decisions/0059-console-api.md
import type { ExplainedShape, Surface } from './mapping-types.ts';
import { request } from './request.ts';

const PATH = '/console/api/mappings';

/** The surfaces that the session may read. Without a credential of the FHIR API each is asked for with its own. */
export async function readSurfaces(names: 'all' | string[], signal?: AbortSignal): Promise<Surface[]> {
  if (names !== 'all') return Promise.all(names.map((name) => readSurface(name, signal)));
  return (await request<{ surfaces: Surface[] }>(PATH, { signal })).body.surfaces;
}

export const readSurface = async (surface: string, signal?: AbortSignal): Promise<Surface> =>
  (await request<Surface>(`${PATH}/${encodeURIComponent(surface)}`, { signal })).body;

export const explainShape = async (surface: string, shape: string, signal?: AbortSignal): Promise<ExplainedShape> =>
  (await request<ExplainedShape>(`${PATH}/${encodeURIComponent(surface)}/${encodeURIComponent(shape)}`, { signal })).body;
