// Idempotency keys as Junction describes them: the first answer under a key is kept for a day, success or failure, and given to whoever asks again.
// Nothing is kept when the request was malformed, or while another one with the key is under way. https://docs.junction.com/lab/overview/idempotency
import type { Reply, SandboxState } from './sandbox-state.ts';

/** Answers that are never kept: of what stands in front of the operation, and of the operation when it looked at nothing but the form. */
const NEVER_STORED_STATUSES = new Set([401, 403, 409, 422, 429, 503]);

/** What a request came to. `own`: what the operation itself answered, where it ran. */
export interface ExecutionResult {
  reply: Reply;
  own: Reply | undefined;
}

/**
 * The kept answer of this key, or that of `work`. An answer of an operation that ran is kept, whatever became of it afterwards; `forgotten`: it is not, against
 * what is documented. A failure in front of the operation is kept where this state keeps those.
 */
export async function executeOnce(
  state: SandboxState,
  { key, forgotten }: { key: string; forgotten: boolean },
  work: () => Promise<ExecutionResult>,
): Promise<Reply> {
  const kept = state.storedReplies.get(key);
  if (kept && state.now().getTime() - kept.at < state.keyLifetimeSeconds * 1000) return kept.reply;
  if (state.keysInProgress.has(key))
    return { status: state.inProgressStatus, body: { detail: 'A request with this idempotency key is in progress.' } };
  state.keysInProgress.add(key);
  try {
    const { reply, own } = await work();
    const keeps = own ? !forgotten : state.storesFailures;
    if (keeps && !NEVER_STORED_STATUSES.has((own ?? reply).status)) state.storedReplies.set(key, { at: state.now().getTime(), reply });
    return reply;
  } finally {
    state.keysInProgress.delete(key);
  }
}
