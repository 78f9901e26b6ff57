// Saves an edit through the API whose face it is, and takes it back.

import { formatExact } from '../../api/exact-json.ts';
import type { Face, Faces } from '../../api/faces-data.ts';
import { FHIR, toFhirPath } from '../../api/fhir.ts';
import { request } from '../../api/request.ts';
import { loadFaces } from './load-faces.ts';
import type { Write } from './preview.ts';

/** The request exactly as the preview names it, and a read of what is stored then, both in one session. Returns the new version if this write alone made it. */
export async function saveEdit(
  base: Faces,
  { face, write: { method, path, ifMatch, body }, session }: { face: Face | undefined; write: Write; session: string | undefined },
): Promise<string | undefined> {
  const headers = { 'If-Match': ifMatch, 'Content-Type': face ? 'application/json' : 'application/fhir+json' };
  await request((face ? `/${face.surface}` : FHIR) + path, { method, headers, body, session });
  // the edit is saved whether or not it can be read again
  const now = await loadFaces(base.type, base.id, { kind: 'single-read', session }).catch(() => undefined);
  return now && Number(now.version) === Number(base.version) + 1 ? now.version : undefined;
}

/** Puts the content of `before` in the place of a version, unless there is a newer one. `session`: the one in which it was saved. */
export async function restore({ type, id, resource }: Faces, version: string, session: string | undefined): Promise<void> {
  const headers = { 'If-Match': `W/"${version}"`, 'Content-Type': 'application/fhir+json' };
  await request(toFhirPath(type, id), { method: 'PUT', headers, body: formatExact(resource), session });
}
