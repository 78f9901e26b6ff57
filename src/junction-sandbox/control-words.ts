// Which words the bodies of the sandbox's own API have: one that is misspelt would be ignored, and what was meant would not happen.
import { formatKnownNames } from '../fhir/closest-name.ts';
import type { Operation } from './operations.ts';
import type { Reply } from './sandbox-state.ts';

/** Operation → the words of its body, or of each item of it. */
const WORDS: Record<string, string[]> = {
  step: ['status', 'interpretation', 'missing', 'results', 'noDocument', 'detail', 'passthrough', 'silent'],
  addFault: ['operation', 'kind', 'when', 'times', 'status', 'forgotten', 'retryAfter', 'seconds'],
  advance: ['seconds'],
  lists: ['seconds'],
  keys: ['seconds'],
  setPhysicians: ['first_name', 'last_name', 'npi', 'id'],
  setQuestions: ['labTest', 'markerId', 'questionId', 'text'],
  setWebhooks: ['url', 'automatic', 'clock'],
  addWebhookFault: ['kind', 'seconds', 'times'],
};
/** Those whose body is a list. */
const LISTS = new Set(['setPhysicians', 'setQuestions']);

/** The operation, refusing (400) a body with other words. */
export const strict = (operation: Operation): Operation => ({
  ...operation,
  run: (state, request) => refusal(operation.name, request.body) ?? operation.run(state, request),
});

function refusal(name: string, body: unknown): Reply | undefined {
  const words = WORDS[name] ?? [];
  const bodies: unknown[] = LISTS.has(name) && Array.isArray(body) ? body : [body];
  const unknown = bodies.flatMap((one) => Object.keys(one ?? {})).find((word) => !words.includes(word));
  return unknown === undefined
    ? undefined
    : { status: 400, body: { detail: `There is no word ${unknown} here${formatKnownNames(unknown, words)}.` } };
}
