// Which surfaces a session may read: all with a credential of the FHIR API, else those of its own keys.

import type { Surface } from '../../api/mapping-types.ts';
import { readSurfaces } from '../../api/mappings.ts';
import type { ReadOptions } from '../../api/request.ts';
import type { Session } from '../../api/session.ts';
import { hasSurface } from '../../session-context.tsx';

const NO_VENDORS = ['fhir', 'admin', 'operator'];

export const loadSurfaces = (session: Session, options: ReadOptions): Promise<Surface[]> =>
  readSurfaces(
    hasSurface(session, 'fhir') ? 'all' : session.surfaces.map(({ name }) => name).filter((name) => !NO_VENDORS.includes(name)),
    options,
  );

/** What decides which surfaces these are: a renewed session is another object. */
export const listVendorAccess = ({ surfaces }: Session): string =>
  surfaces
    .map(({ name }) => name)
    .sort()
    .join();
