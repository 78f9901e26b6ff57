// What the vendors' mappings are: /console/api/mappings. docs/decisions/0059-console-api.md
import type { ExplainedShape, Surface } from './mapping-types.ts';
import { type ReadOptions, request } from './request.ts';

const PATH = '/console/api/mappings';

/** The surfaces that the session may read. Without a credential of the FHIR API each is asked for with its own. */
export async function readSurfaces(names: 'all' | string[], options?: ReadOptions): Promise<Surface[]> {
  if (names !== 'all') return Promise.all(names.map((name) => readSurface(name, options)));
  return (await request<{ surfaces: Surface[] }>(PATH, options)).body.surfaces;
}

export const readSurface = async (surface: string, options?: ReadOptions): Promise<Surface> =>
  (await request<Surface>(`${PATH}/${encodeURIComponent(surface)}`, options)).body;

export const explainShape = async (surface: string, shape: string, options?: ReadOptions): Promise<ExplainedShape> =>
  (await request<ExplainedShape>(`${PATH}/${encodeURIComponent(surface)}/${encodeURIComponent(shape)}`, options)).body;
