// The write hook of ServiceRequest. In the transaction that stores an order it creates the Task that shows the progress, and the outbox entry with the exact text
// to send. A request that lacks required data is refused before anything is written.
// https://hl7.org/fhir/R4/servicerequest.html, https://hl7.org/fhir/R4/task.html

import { businessRules, conflict, FhirError, type Issue } from '../../fhir/outcome.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context, CreateLater, PendingWrite, WriteHook } from '../../interactions/context.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import { parseExactBody } from '../../store/resources/resource-row.ts';
import { findTransition } from '../state-machine.ts';
import { SYSTEM_ACTOR } from '../system-actor.ts';
import type { Systems } from '../systems.ts';
import { withdrawOrder } from './cancellation.ts';
import { type CatalogueSearch, createCatalogueSearch } from './catalogue-search.ts';
import type { Coding } from './codings.ts';
import { checkImmutableElements, type SentText } from './immutable-elements.ts';
import { buildOrderText, type OrderContent } from './junction-order.ts';
import { buildClientUserId, buildUserInsurance } from './network-user.ts';
import { buildOrderContent, type OrderRules } from './order-content.ts';
import { buildNotice, buildRejection, canBeOrder, decideOrder, isDecidedByCode, type OrderDecision } from './order-decision.ts';
import { isEnded, isRevoked } from './order-edits.ts';
import {
  findPresentEntry,
  formatOrderPayload,
  NEVER_SENT,
  ORDER_TOPIC,
  parseOrderPayload,
  readRequestId,
  toSubject,
} from './order-entry.ts';
import { buildTask, createOrderTask, storeRejection } from './order-task.ts';
import { listRequestCodings, type OrderedTests, type TestTable } from './ordered-tests.ts';
import { describeSigner } from './practitioner.ts';
import { preserveExternalFields } from './preserved-external-fields.ts';

/** Returns the present rules for the orders of a tenant. Called inside the transaction of a write, so it must not wait for another connection of the database. */
type FindOrderRules = (tenant: number) => OrderRules;

/** However often a ServiceRequest is written, it is sent once. */
export function buildServiceRequestWriteHook(systems: Systems, findRules: FindOrderRules): WriteHook {
  const { rulesOf, contentOf, decisionOn } = createDecisions(findRules);
  return {
    preserveServerElements: preserveExternalFields(systems),
    async check(context, write, together) {
      if (write.movesReferences) return checkMovedReferences(context, write);
      if (!write.resource) return checkDeletion(context, write);
      const entry = await findEntryOfWrite(context, write);
      const previous = readPrevious(write);
      if (entry && previous && isUserWrite(context))
        checkChange(entry, previous, { next: write.resource, rules: rulesOf(context, write), baseUrl: context.baseUrl });
      const decision = await decisionOn(context, write, together);
      if (decision.verdict === 'refuse') throw businessRules([decision.issue]);
      if (decision.verdict === 'place') await contentOf(context, write, decision.tests);
    },
    async warnings(context, write) {
      const decision = await decisionOn(context, write);
      if (decision.verdict === 'place') return buildOrderNotices((await contentOf(context, write, decision.tests)).content);
      return decision.verdict === 'reject' || decision.verdict === 'tell' ? [decision.issue] : [];
    },
    async after(context, write, create) {
      if (!write.resource || write.movesReferences) return;
      const entry = await findEntryOfWrite(context, write);
      if (isRevocation(write, context)) return entry && withdrawOrder(context, entry);
      if (entry && write.resource.status === 'active') return resumeOrder(context, entry, write);
      const decision = await decisionOn(context, write);
      if (decision.verdict === 'place')
        await acceptOrder(context, write, { ...(await contentOf(context, write, decision.tests)), systems, create });
      if (decision.verdict === 'reject') await rejectOrder(context, write, { issue: decision.issue, systems, create });
    },
  };
}

/** What is found once for a write, from its check to its order, although an operator may change the account meanwhile. */
interface OrderFindings {
  rules?: OrderRules;
  catalogue?: CatalogueSearch;
  content?: BuiltContent;
  decision?: Promise<OrderDecision>;
}

/** They are a property of the write (docs/decisions/0064-memory-of-requests.md), so a copy of a write with another resource must be made before its check. */
const FINDINGS = Symbol('order findings');
type CheckedWrite = PendingWrite & { [FINDINGS]?: OrderFindings };

function readFindings(write: CheckedWrite): OrderFindings {
  write[FINDINGS] ??= {};
  return write[FINDINGS];
}

function createDecisions(findRules: FindOrderRules) {
  const rulesOf = ({ caller }: Context, write: PendingWrite): OrderRules => {
    const findings = readFindings(write);
    findings.rules ??= findRules(caller.tenant);
    return findings.rules;
  };
  /** Writes that are checked together share one search: none of them is stored before the checks of all have run, so the catalogue is the same for all. */
  const catalogueOf = (context: Context, write: PendingWrite, together = [write]): CatalogueSearch => {
    const known = readFindings(write).catalogue;
    if (known) return known;
    const catalogue = createCatalogueSearch(context, listSearchedCodings(together, rulesOf(context, write).table));
    for (const each of together) readFindings(each).catalogue = catalogue;
    return catalogue;
  };
  const contentOf: ContentReader = (context, write, code) => {
    const findings = readFindings(write);
    const parts = { code, rules: rulesOf(context, write), catalogue: catalogueOf(context, write) };
    findings.content ??= buildOrderContent(context, parseWritten(write), parts);
    return findings.content;
  };
  const decisionOn = (context: Context, write: PendingWrite, together?: PendingWrite[]): Promise<OrderDecision> => {
    const findings = readFindings(write);
    const parts = { rules: rulesOf(context, write), catalogue: catalogueOf(context, write, together), contentOf };
    findings.decision ??= decideWrite(context, write, parts);
    return findings.decision;
  };
  return { rulesOf, contentOf, decisionOn };
}

const listSearchedCodings = (writes: PendingWrite[], table: TestTable): Coding[] =>
  writes.flatMap(({ type, resource }) =>
    type === 'ServiceRequest' && resource && isDecidedByCode(resource) ? listRequestCodings(resource, table) : [],
  );

/** Who signs the order, and the insurance that is billed. */
const buildOrderNotices = ({ physician, insurance }: OrderContent): Issue[] => [
  buildNotice({ text: describeSigner(physician), at: 'ServiceRequest.requester' }),
  ...(insurance
    ? [buildNotice({ text: `the insurance is billed, payor code ${insurance.payorCode}`, at: 'ServiceRequest.insurance' })]
    : []),
];

type BuiltContent = ReturnType<typeof buildOrderContent>;
/** The content of an order with these tests. It is built once for a write. */
type ContentReader = (context: Context, write: PendingWrite, code: OrderedTests) => BuiltContent;

/** Decides about a write. Requests that were ordered, and writes by the server, are not decided again. */
async function decideWrite(
  context: Context,
  write: PendingWrite,
  { contentOf, ...facts }: { rules: OrderRules; catalogue: CatalogueSearch; contentOf: ContentReader },
): Promise<OrderDecision> {
  if (!write.resource || !isUserWrite(context) || (await findEntryOfWrite(context, write))) return { verdict: 'store' };
  const decision = await decideOrder(context, { request: write.resource, previous: readPrevious(write) }, facts);
  if (decision.verdict !== 'place' || !decision.orReject) return decision;
  try {
    await contentOf(context, write, decision.tests);
    return decision;
  } catch (error) {
    if (error instanceof FhirError && error.kind === 'rule') return buildRejection(error.issues);
    throw error;
  }
}

/**
 * The outbox records whether a request was ordered: the present configuration may no longer contain its tests. Without a former version an entry exists only if a
 * concurrent write was first; this write then fails and is repeated. Writes by the server itself are not looked up: they record what the network said.
 */
async function findEntryOfWrite(context: Context, write: PendingWrite): Promise<OutboxEntry | undefined> {
  if (!isUserWrite(context)) return undefined;
  const previous = readPrevious(write);
  const isOrder = previous && (canBeOrder(previous) || (write.resource && canBeOrder(write.resource)));
  return isOrder ? findPresentEntry(context.store, context.caller.tenant, write.id) : undefined;
}

const readPrevious = ({ previous }: PendingWrite): Resource | undefined =>
  previous?.body ? toTyped('ServiceRequest', JSON.parse(previous.body)) : undefined;

/** Writes that record responses of the lab network are not user edits. */
const isUserWrite = ({ caller }: Context): boolean => caller.actor !== SYSTEM_ACTOR;

/** A request is ordered once. An ended request that became active again would never be sent. */
const buildEndedError = (): FhirError =>
  conflict('the order of this request has ended: create a new ServiceRequest to order again', 'ServiceRequest.status');

/** Fails with 409 if the write reactivates an ended request, or changes the ordered elements of an accepted order. */
function checkChange(
  entry: OutboxEntry,
  previous: Resource,
  { next, ...context }: { next: Resource; rules: OrderRules; baseUrl: string },
): void {
  if (isEnded(previous) && !isEnded(next)) throw buildEndedError();
  if (!NEVER_SENT.has(entry.state))
    // type assertion: buildOrderText wrote this text
    checkImmutableElements(previous, next, { ...context, sent: JSON.parse(parseOrderPayload(entry).text) as SentText });
  else if (!isEnded(next)) throw buildEndedError();
}

/** A request with an open order must be revoked before it is deleted: results of the laboratory refer to it. */
async function checkDeletion(context: Context, write: PendingWrite): Promise<void> {
  const previous = readPrevious(write);
  const entry = previous && !isEnded(previous) ? await findEntryOfWrite(context, write) : undefined;
  if (entry && !NEVER_SENT.has(entry.state))
    throw conflict('an order that has not ended cannot be deleted: revoke it first', 'ServiceRequest.status');
}

/**
 * Refuses (409) a merge of patients while an order is open: results of the laboratory are for the patient that was ordered for. The request of an ended order
 * follows its patient. Nothing is sent again, because the text to send was fixed at acceptance.
 */
async function checkMovedReferences(context: Context, write: PendingWrite): Promise<void> {
  const previous = readPrevious(write);
  if (previous && !isEnded(previous) && (await findEntryOfWrite(context, write)))
    throw conflict(
      `the order of ServiceRequest/${write.id} is open: wait for its results, or revoke it, and merge then`,
      'ServiceRequest.subject',
    );
}

/** Whether a user revokes a request that has not ended. */
function isRevocation(write: PendingWrite, context: Context): boolean {
  const previous = readPrevious(write);
  return write.resource !== undefined && isRevoked(write.resource) && previous !== undefined && !isEnded(previous) && isUserWrite(context);
}

/** Numbers keep their digits: an answer to a question of the laboratory may be a number. */
const parseWritten = ({ change }: PendingWrite): Resource => parseExactBody(change.body!);

async function acceptOrder(
  context: Context,
  write: PendingWrite,
  { patientId, account, content, systems, create }: Awaited<BuiltContent> & { systems: Systems; create: CreateLater },
): Promise<void> {
  const { tenant } = context.caller;
  const { version } = write.change;
  const request = parseWritten(write);
  const key = context.newId();
  const at = context.clock().toISOString();
  const task = buildTask(request, { at, sent: content, system: systems.taskInput });
  const taskId = await createOrderTask(context, write, { task, create });
  const insurance = buildUserInsurance(content);
  const payload = formatOrderPayload({
    state: 'unsent',
    task: taskId,
    clientUserId: buildClientUserId(tenant, patientId, insurance),
    insurance,
    text: buildOrderText(content, key),
    version,
    insuranceFailures: undefined,
    isParkedByOperator: false,
  });
  await context.store.outbox.add({ tenant, account, topic: ORDER_TOPIC, subject: toSubject(request.id!), key, payload, at });
}

/** Stores a Task with the reason why the request is not ordered. */
async function rejectOrder(
  context: Context,
  write: PendingWrite,
  { issue, systems, create }: { issue: Issue; systems: Systems; create: CreateLater },
): Promise<void> {
  const task = buildTask(parseWritten(write), { at: context.clock().toISOString(), system: systems.taskInput });
  await storeRejection(context, write, { task, reason: issue.text, create });
}

/** Writing the request as active releases an unconfirmed order, and one that was on hold. An order that an operator has parked stays parked. */
async function resumeOrder(context: Context, entry: OutboxEntry, write: PendingWrite): Promise<void> {
  const { store, clock } = context;
  const waits = entry.state === 'parked' ? !parseOrderPayload(entry).isParkedByOperator : readPrevious(write)?.status !== 'active';
  const transition = waits ? findTransition(entry, 'resume') : undefined;
  if (!transition) return;
  const at = clock().toISOString();
  if (transition.action === 'makeDue')
    await store.outbox.changeState(entry, { from: [entry.state], to: transition.to, at, nextAt: at, what: 'request' });
  else if (isUserWrite(context)) await wakeTracking(context, entry, at);
}

/** While the request was not active, only its Task was updated: the next poll updates the request. */
async function wakeTracking({ store }: Context, entry: OutboxEntry, at: string): Promise<void> {
  const { version } = parseOrderPayload(entry);
  await store.trackedOrders.wake(
    await store.trackedOrders.listOfRequest({ tenant: entry.tenant, request: readRequestId(entry), version }),
    at,
  );
}
