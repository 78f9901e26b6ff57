// Idempotency keys as Junction describes them: the first answer under a key is kept for a day, success or failure, and given to whoever asks again.
// Nothing is kept when the request was malformed, or while another one with the key is under way. https://docs.junction.com/lab/overview/idempotency
import type { Reply, World } from './world.ts';

const KEPT_MS = 24 * 3600 * 1000;
/** Answers that come from in front of the operation: it has not run, so there is nothing to keep. */
const NOT_RUN = new Set([401, 403, 409, 422, 429, 503]);

/** The kept answer of this key, or that of `work`. */
export async function once(world: World, request: { key: string; noCache: boolean }, work: () => Promise<Reply>): Promise<Reply> {
  const { key } = request;
  const kept = world.answers.get(key);
  if (kept && world.now().getTime() - kept.at < KEPT_MS) return kept.reply;
  if (world.running.has(key)) return { status: 409, body: { detail: 'A request with this idempotency key is in progress.' } };
  world.running.add(key);
  try {
    const reply = await work();
    const failure = reply.status >= 400;
    const dropped = failure && request.noCache && world.noCacheHonoured;
    if (!NOT_RUN.has(reply.status) && !dropped) world.answers.set(key, { at: world.now().getTime(), reply });
    return reply;
  } finally {
    world.running.delete(key);
  }
}
