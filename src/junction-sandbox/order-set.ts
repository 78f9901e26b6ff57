// The tests of an order, and which sets of tests Junction refuses with 400. https://docs.junction.com/lab/workflow/ordering,
// https://docs.junction.com/lab/workflow/aoe. The texts about kits, accounts and unknown ids are invented.
import { isObject } from '../fhir/json-values.ts';
import { MARKERS } from './markers.ts';
import type { SandboxQuestion, SandboxState } from './sandbox-state.ts';

type Body = Record<string, unknown>;

interface OrderSet {
  labTests: string[];
  /** A list that is null or missing is undefined. */
  addOn: { markers: string[] | undefined; codes: string[] | undefined } | undefined;
}

/** The laboratory's own codes, and the numbers of its markers. */
const KNOWN_CODES = new Set(
  Object.values(MARKERS)
    .flat()
    .map(({ code }) => code),
);

export function readOrderSet({ order_set: set, lab_test_id: labTest }: Body): OrderSet {
  if (!isObject(set)) return { labTests: labTest ? [String(labTest)] : [], addOn: undefined };
  const addOn = isObject(set.add_on) ? set.add_on : undefined;
  return {
    labTests: readTexts(set.lab_test_ids) ?? [],
    addOn: addOn && { markers: readTexts(addOn.marker_ids), codes: readTexts(addOn.provider_ids) },
  };
}

const readTexts = (list: unknown): string[] | undefined => (Array.isArray(list) ? list.map(String) : undefined);

/** The codes of the markers that are ordered beside the lab tests. */
export const readAddOnCodes = (body: Body): string[] => {
  const { markers = [], codes = [] } = readOrderSet(body).addOn ?? {};
  return [...markers, ...codes];
};

/** Why these tests cannot be ordered; undefined if they can. */
export function checkOrderSet(body: Body, { labTests, labAccounts, questions }: SandboxState): string | undefined {
  const { labTests: tests, addOn } = readOrderSet(body);
  if (!tests.length && !addOn) return 'Either order_set or lab_test_id is required.';
  if (addOn && !body.collection_method) return 'collection_method must be set if add_on is set';
  if (addOn && !addOn.markers && !addOn.codes) return 'marker_ids or provider_ids must be set in add_on';
  if (addOn?.markers && addOn.codes) return 'cannot set both marker_ids and provider_ids in add_on';
  if (body.collection_method === 'testkit') return 'collection_method testkit cannot be asked for.';
  if (!tests.every((id) => labTests.has(id))) return 'Lab test not found.';
  if (!readAddOnCodes(body).every((code) => KNOWN_CODES.has(code))) return 'Marker not found.';
  if (body.lab_account_id && !labAccounts.has(String(body.lab_account_id))) return 'Lab account not found.';
  const open = questions.find((question) => tests.includes(question.labTest) && !isAnswered(body, question));
  return open && `Missing required questions - "${open.text}"`;
}

const isAnswered = ({ aoe_answers: answers }: Body, { markerId, questionId }: SandboxQuestion): boolean =>
  Array.isArray(answers) &&
  answers.some((answer) => isObject(answer) && answer.marker_id === markerId && answer.question_id === questionId);
