// Whether the server is well: its readiness, without a key.
import { type ReadOptions, request } from './request.ts';

/** How long the database took to answer, in ms. Throws if it does not. */
export async function checkReady(options?: ReadOptions): Promise<number> {
  const began = performance.now();
  await request('/readyz', { ...options, kind: 'single-read', isPublic: true });
  return performance.now() - began;
}
