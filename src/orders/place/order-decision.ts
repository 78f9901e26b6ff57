// Decides whether an active ServiceRequest is ordered, refused, rejected with a Task, or only stored. Every write and every $validate uses this table.
// docs/decisions/0023-order-acceptance.md, https://hl7.org/fhir/R4/valueset-request-intent.html
import { isDeepStrictEqual } from 'node:util';
import { formatKnownNames } from '../../fhir/closest-name.ts';
import { isObject, toList } from '../../fhir/json-values.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import type { CatalogueSearch } from './catalogue-search.ts';
import { listCodings } from './codings.ts';
import { isLaboratoryRequest } from './laboratory-category-codes.ts';
import { NO_ACCOUNT_TEXT, type OrderRules } from './order-content.ts';
import { findOtherLaboratory } from './order-performer.ts';
import { findRejectedTask } from './order-task.ts';
import { describeAmbiguousCode, type OrderedTests, resolveTests, type TestResolution, type TestTable } from './ordered-tests.ts';
import { findRepeatedRequest } from './repeated-request.ts';

/** The classification of a request. The first that applies counts. */
type Finding =
  /** Neither the category nor the code is a laboratory's. */
  | 'unrelated'
  /** The version before was active, was not ordered, and has the same ordered elements. */
  | 'stored-before'
  /** The performer is another laboratory. */
  | 'elsewhere'
  /** `basedOn` refers to a request that was sent or is waiting to be sent. */
  | 'repeated'
  /** The code has several tests. */
  | 'several'
  /** The code is a panel that is not configured. */
  | 'unknown-panel'
  /** A laboratory request whose code has no test. */
  | 'no-test'
  /** The tenant has no account at the lab network. */
  | 'no-account'
  /** The code has one test (or the tests of one panel). */
  | 'test';

/**
 * `place`: ordered. `refuse`: 422, nothing is stored. `reject`: stored with a Task `rejected`; with FACET_ORDERS=strict refused. `tell`: stored, and the
 * response contains a notice that it was not ordered. `store`: stored without a notice.
 */
type Verdict = 'place' | 'refuse' | 'reject' | 'tell' | 'store';

const ORDER_VERDICTS: Record<Finding, Verdict> = {
  unrelated: 'store',
  'stored-before': 'tell',
  elsewhere: 'reject',
  repeated: 'reject',
  several: 'refuse',
  'unknown-panel': 'refuse',
  'no-test': 'reject',
  'no-account': 'reject',
  test: 'place',
};
/** One verdict for all findings but `unrelated`. Object.fromEntries loses the key type: the keys are those of ORDER_VERDICTS. */
const sameVerdict = (verdict: Verdict): Record<Finding, Verdict> =>
  Object.fromEntries(
    Object.keys(ORDER_VERDICTS).map((finding) => [finding, finding === 'unrelated' ? 'store' : verdict]),
  ) as typeof ORDER_VERDICTS;

/** `fulfiller`: the laboratory's own request: one that it plans, or adds because of a result. */
export type IntentRole = 'order' | 'instance' | 'fulfiller' | 'none';

/** All intents of R4. */
export const INTENT_ROLES: Record<string, IntentRole> = {
  order: 'order',
  'original-order': 'order',
  'instance-order': 'instance',
  'filler-order': 'fulfiller',
  'reflex-order': 'fulfiller',
  proposal: 'none',
  plan: 'none',
  option: 'none',
  directive: 'none',
};

/** Role of the intent → classification → verdict. */
const VERDICTS: Record<IntentRole, Record<Finding, Verdict>> = {
  order: ORDER_VERDICTS,
  instance: ORDER_VERDICTS,
  fulfiller: sameVerdict('tell'),
  none: sameVerdict('store'),
};
const findIntentRole = ({ intent }: Resource): IntentRole => (typeof intent === 'string' ? INTENT_ROLES[intent] : undefined) ?? 'none';

/** `orReject`: if the order lacks required content, the request is rejected instead of refused. */
export type OrderDecision =
  | { verdict: 'place'; tests: OrderedTests; orReject: boolean }
  | { verdict: 'refuse' | 'reject' | 'tell'; issue: Issue }
  | { verdict: 'store' };

const STORE_ONLY: OrderDecision = { verdict: 'store' };

/** Whether a request can be an order by its intent and `doNotPerform`, with any status and code. */
export const canBeOrder = (request: Resource): boolean =>
  VERDICTS[findIntentRole(request)].test === 'place' && request.doNotPerform !== true;

/** Whether a request that was never ordered becomes an order when it is made active. */
const becomesOrderWhenActive = (request: Resource): boolean =>
  canBeOrder(request) && (request.status === 'draft' || request.status === 'on-hold');

/** Whether the code of a request decides about it. All other requests are only stored. */
export const isDecidedByCode = (request: Resource): boolean =>
  findIntentRole(request) !== 'none' && request.status === 'active' && request.doNotPerform !== true;

/** `previous`: the current version, which was never ordered. */
export async function decideOrder(
  context: Context,
  { request, previous }: { request: Resource; previous: Resource | undefined },
  { rules, catalogue }: { rules: OrderRules; catalogue: CatalogueSearch },
): Promise<OrderDecision> {
  if (!isDecidedByCode(request)) return STORE_ONLY;
  const role = findIntentRole(request);
  const meaning = await resolveTests(catalogue, request.code, rules.table);
  const found = await classifyRequest(context, { request, previous, meaning }, rules);
  const verdict = VERDICTS[role][found.finding];
  if (verdict === 'store') return STORE_ONLY;
  // a rejected request with unchanged ordered elements can still be edited, even if the catalogue has changed since
  const orReject = previous !== undefined && isSameRequest(previous, request);
  if (verdict === 'place' && meaning && 'tests' in meaning) return { verdict, tests: meaning.tests, orReject };
  if (verdict === 'tell') return { verdict, issue: buildNotice(role === 'fulfiller' ? describeFulfillerIntent(request) : found) };
  if (orReject) return buildRejection([buildRefusal(found)]);
  if (verdict === 'refuse') return { verdict, issue: buildRefusal(found) };
  if (rules.unorderable === 'store') return found.finding === 'no-account' ? { verdict: 'tell', issue: buildNotice(found) } : STORE_ONLY;
  return rules.unorderable === 'refuse' ? { verdict: 'refuse', issue: buildRefusal(found) } : buildRejection([buildRefusal(found)]);
}

/** The decision to store a request with a Task that gives these reasons. */
export const buildRejection = (issues: Issue[]): OrderDecision => ({
  verdict: 'reject',
  issue: {
    severity: 'warning',
    code: 'business-rule',
    text: [...new Set(issues.map(({ text }) => text))].join('; '),
    expression: [...new Set(issues.flatMap(({ expression = [] }) => expression))],
  },
});

interface Classification {
  finding: Finding;
  /** Why the request is not ordered, and what to do. */
  text: string;
  /** FHIRPath of the element, beginning with ServiceRequest. */
  at: string;
}

const buildRefusal = ({ text, at }: Classification): Issue => issue('business-rule', text, at);
export const buildNotice = ({ text, at }: Omit<Classification, 'finding'>): Issue => ({
  severity: 'information',
  code: 'informational',
  text,
  expression: [at],
});

const describeFulfillerIntent = ({ intent }: Resource): Omit<Classification, 'finding'> => ({
  text: `a request with the intent ${intent} belongs to the fulfiller and is not sent to a laboratory: use the intent order`,
  at: 'ServiceRequest.intent',
});

interface ClassificationInput {
  request: Resource;
  previous: Resource | undefined;
  meaning: TestResolution;
}

async function classifyRequest(
  context: Context,
  { request, previous, meaning }: ClassificationInput,
  { table, systems, account }: OrderRules,
): Promise<Classification> {
  const panel = meaning ? undefined : findUnknownPanel(request, table);
  if (!meaning && panel === undefined && !isLaboratoryRequest(request)) return { finding: 'unrelated', text: '', at: '' };
  if (previous && isSameRequest(previous, request) && !(await findRejectedTask(context, request.id!))) return STORED_BEFORE;
  const elsewhere = await findOtherLaboratory(context, request, systems.labAccount);
  if (elsewhere !== undefined) return { ...OTHER_LABORATORY, at: elsewhere };
  const repeated = findIntentRole(request) === 'instance' ? await findRepeatedRequest(context, request, becomesOrderWhenActive) : undefined;
  if (repeated !== undefined) return { ...REPEATED_REQUEST, at: repeated };
  // without an account there are no panels either
  if (!account) return NO_ACCOUNT;
  if (meaning) return 'tests' in meaning ? { finding: 'test', text: '', at: CODE_PATH } : describeAmbiguousTest(meaning.several);
  if (panel === undefined) return describeMissingTest(table);
  const text = `${panel} is not a panel that can be ordered here${formatKnownNames(panel, Object.keys(table.panels))}`;
  return { finding: 'unknown-panel', text, at: CODE_PATH };
}

const CODE_PATH = 'ServiceRequest.code';

const NO_ACCOUNT: Classification = { finding: 'no-account', text: NO_ACCOUNT_TEXT, at: CODE_PATH };
const STORED_BEFORE: Classification = {
  finding: 'stored-before',
  text: 'this request is stored as active and was not ordered, and this change does not order it: set its status to on-hold and then to active to order it',
  at: 'ServiceRequest.status',
};
const OTHER_LABORATORY: Omit<Classification, 'at'> = {
  finding: 'elsewhere',
  text: 'the performer is another laboratory, so this request is not ordered: leave the performer out, or refer to an Organization with an account at the lab network',
};
const REPEATED_REQUEST: Omit<Classification, 'at'> = {
  finding: 'repeated',
  text: 'basedOn refers to a request that was ordered, that may still be ordered, or that is not on this server, so this request is not ordered: leave basedOn out to order it',
};
const describeAmbiguousTest = (meanings: string[]): Classification => ({
  finding: 'several',
  text: describeAmbiguousCode(meanings),
  at: CODE_PATH,
});
const describeMissingTest = ({ system, labTests }: TestTable): Classification => ({
  finding: 'no-test',
  text: `the code of this laboratory request has no test that can be ordered: use a panel (${system}), a lab test (${labTests}), or a code that has a test in an active ActivityDefinition of the catalogue`,
  at: CODE_PATH,
});

/** The code of the panel system that is not configured. The caller has checked that no configured panel matches. */
const findUnknownPanel = ({ code }: Resource, { system }: TestTable): string | undefined =>
  listCodings(code).find((coding) => coding.system === system && coding.code)?.code;

/** The elements that decide what is ordered, and who performs it. */
const listOrderedElements = ({ intent, doNotPerform, code, performer }: Resource): unknown => [
  intent,
  doNotPerform === true,
  listCodings(code).map((coding) => [coding.system, coding.code]),
  toList(performer).map((item) => (isObject(item) ? item.reference : undefined)),
];

/** Whether the version before had the same status and the same ordered elements. */
const isSameRequest = (previous: Resource, request: Resource): boolean =>
  previous.status === request.status && isDeepStrictEqual(listOrderedElements(previous), listOrderedElements(request));
