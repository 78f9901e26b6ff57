// Starts the server that the requests are sent to, with a key for each of its doors.
import { type FacetProcess, facet, type Place, startProcess } from '../../test/journeys/server-process.ts';
import type { FuzzTarget } from './run.ts';

/** The administrator belongs to another tenant than the other keys, because it may revoke all keys of its own. */
export async function startTarget(place: Place): Promise<FuzzTarget & { server: FacetProcess }> {
  const server = await startProcess({ ...place.env, FACET_RATE_LIMITS: '{"clinik":null,"jump":null}', FACET_LOG_LEVEL: 'error' });
  const { stdout } = await facet(place.env, 'keys', 'create', '--tenant', 'other', '--surface', 'admin');
  const admin = /^ *(\w+_(?:live|test)_\w+)$/m.exec(stdout)![1]!;
  const keys = place.keys().demo;
  return { server, url: server.url, pid: server.pid, keys: { ...keys, console: keys.fhir!, admin } };
}
