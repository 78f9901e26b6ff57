// Which tests an order is for, and what Junction says (400) of a set of them that it cannot order. https://docs.junction.com/lab/workflow/ordering,
// https://docs.junction.com/lab/workflow/aoe; the words about kits, accounts and what is not found are ours.
import { MARKERS } from './markers.ts';
import type { SandboxState } from './sandbox-state.ts';

type Body = Record<string, unknown>;

/** What is null is not there. */
interface OrderSet {
  lab_test_ids?: string[] | null;
  add_on?: { marker_ids?: number[] | null; provider_ids?: string[] | null } | null;
}

/** The laboratory's own codes, and its markers' numbers. */
const KNOWN_CODES = new Set(
  Object.values(MARKERS)
    .flat()
    .map(({ code }) => code),
);

export const readOrderSet = ({ order_set, lab_test_id }: Body): OrderSet =>
  (order_set as OrderSet | undefined) ?? (lab_test_id ? { lab_test_ids: [String(lab_test_id)] } : {});

/** What the laboratory does beside the lab tests, by its own codes. */
export const readAddOnCodes = (body: Body): string[] => {
  const { marker_ids, provider_ids } = readOrderSet(body).add_on ?? {};
  return [...(marker_ids ?? []).map(String), ...(provider_ids ?? [])];
};

/** Why these tests cannot be ordered; undefined: they can. */
export function checkOrderSet(body: Body, { labTests, labAccounts, questions }: SandboxState): string | undefined {
  const { lab_test_ids, add_on: addOn } = readOrderSet(body);
  const tests = lab_test_ids ?? [];
  if (!tests.length && !addOn) return 'Either order_set or lab_test_id is required.';
  if (addOn && !body.collection_method) return 'collection_method must be set if add_on is set';
  if (addOn && !addOn.marker_ids && !addOn.provider_ids) return 'marker_ids or provider_ids must be set in add_on';
  if (addOn?.marker_ids && addOn.provider_ids) return 'cannot set both marker_ids and provider_ids in add_on';
  if (body.collection_method === 'testkit') return 'collection_method testkit cannot be asked for.';
  if (!tests.every((id) => labTests.has(id))) return 'Lab test not found.';
  if (!readAddOnCodes(body).every((code) => KNOWN_CODES.has(code))) return 'Marker not found.';
  if (body.lab_account_id && !labAccounts.has(body.lab_account_id as string)) return 'Lab account not found.';
  const open = questions.find((question) => tests.includes(question.labTest) && !isAnswered(body, question));
  return open && `Missing required questions - "${open.text}"`;
}

const isAnswered = ({ aoe_answers: answers }: Body, { markerId, questionId }: { markerId: number; questionId: number }): boolean =>
  ((answers ?? []) as { marker_id: number; question_id: number }[]).some(
    (one) => one.marker_id === markerId && one.question_id === questionId,
  );
