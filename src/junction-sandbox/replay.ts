// Idempotency keys as Junction describes them: the first answer under a key is kept for a day, success or failure, and given to whoever asks again.
// Nothing is kept when the request was malformed, or while another one with the key is under way. https://docs.junction.com/lab/overview/idempotency
import type { Reply, World } from './world.ts';

/** Answers that are never kept: of what stands in front of the operation, and of the operation when it looked at nothing but the form. */
const NOT_RUN = new Set([401, 403, 409, 422, 429, 503]);

/** What a request came to. `own`: what the operation itself answered, where it ran. */
export interface Worked {
  reply: Reply;
  own: Reply | undefined;
}

/**
 * The kept answer of this key, or that of `work`. An answer of an operation that ran is kept, whatever became of it afterwards; `forgotten`: it is not, against
 * what is documented. A failure in front of the operation is kept where this world keeps those.
 */
export async function once(
  world: World,
  { key, forgotten }: { key: string; forgotten: boolean },
  work: () => Promise<Worked>,
): Promise<Reply> {
  const kept = world.answers.get(key);
  if (kept && world.now().getTime() - kept.at < world.keysKept * 1000) return kept.reply;
  if (world.running.has(key)) return { status: world.inProgress, body: { detail: 'A request with this idempotency key is in progress.' } };
  world.running.add(key);
  try {
    const { reply, own } = await work();
    const keeps = own ? !forgotten : world.failuresKept;
    if (keeps && !NOT_RUN.has((own ?? reply).status)) world.answers.set(key, { at: world.now().getTime(), reply });
    return reply;
  } finally {
    world.running.delete(key);
  }
}
