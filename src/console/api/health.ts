// Whether the server is well: its readiness, without a key.
import { request } from './request.ts';

/** How long the database took to answer, in ms. Throws if it does not. */
export async function checkReady(signal?: AbortSignal): Promise<number> {
  const began = performance.now();
  await request('/readyz', { signal, isPublic: true, isRepeatable: false });
  return performance.now() - began;
}
