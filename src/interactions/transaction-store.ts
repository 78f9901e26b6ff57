// Stores the targets of a transaction. Targets without write hooks are stored together in one statement. Creations with write hooks follow together, then the other
// targets with write hooks one by one.
// A conditional reference may match a resource of the same transaction, so a target with such references is stored after the resources that they match.
// https://hl7.org/fhir/R4/http.html#trules
import { setImmediate } from 'node:timers/promises';
import { listLiteralReferences } from '../fhir/literal-references.ts';
import { FhirError, issue, multipleMatches } from '../fhir/outcome.ts';
import { parseSearchUrl } from '../fhir/search/request.ts';
import type { ResourceChange } from '../store/resources/resource-change.ts';
import { parseExactBody, type ResourceRow } from '../store/resources/resource-row.ts';
import { findMatch } from './conditional-match.ts';
import type { Context, Draft, PendingWrite } from './context.ts';
import { localizeReferences } from './local-references.ts';
import { checkDraft, prepareWrite, toDraft, toStoredRow, type WriteRequest } from './prepare-write.ts';
import { type EntryOutcome, NO_ENTRY, toEntryError, WriteConflict, withEntryError } from './transaction-entry.ts';
import { findConditionalReferences, type Links, relinkDraft } from './transaction-links.ts';
import type { Target } from './transaction-targets.ts';
import { isUnchanged } from './update.ts';
import { listWriteHooks, writeResource, writeWithHooks } from './write.ts';

/** A target before it is written. `waits`: its conditional references. They are supported only inside a transaction. */
interface PendingTarget {
  target: Target;
  draft: Draft | undefined;
  waits: string[];
}

const NO_LINKS: Links = new Map();
/** The longest chain of targets that wait for each other. Each round searches again for all references without a match. */
const MAX_ROUNDS = 16;
/** After this many resources, the event loop runs other requests. */
const YIELD_INTERVAL = 100;

/** Writes all targets. Returns the outcome of each entry by its index. */
export async function storeTargets(context: Context, targets: Target[], links: Links = NO_LINKS): Promise<Map<number, EntryOutcome>> {
  const done = new Map<number, EntryOutcome>(targets.flatMap(({ entry, outcome }) => (outcome ? [[entry.index, outcome]] : [])));
  const found = new Map<string, string>();
  let waiting = await toPendingTargets(targets.filter((target) => !target.outcome));
  for (let round = 1; waiting.length; round++) {
    if (round > MAX_ROUNDS) throw tooManyRounds(waiting[0]!);
    await resolveReferences(context, waiting, found);
    const ready = findReady(context, waiting, found);
    for (const [at, entryOutcome] of await storeReady(context, ready, { links, found })) done.set(at, entryOutcome);
    waiting = waiting.filter((job) => !ready.includes(job));
  }
  await checkReferencesUnchanged(context, targets, found);
  return done;
}

async function toPendingTargets(targets: Target[]): Promise<PendingTarget[]> {
  return Promise.all(
    targets.map((target) =>
      withEntryError(target.entry.index, () => {
        const draft = readContent(target);
        const looksUp = draft !== undefined && target.entry.index !== NO_ENTRY;
        return { target, draft, waits: looksUp ? findConditionalReferences(draft.resource) : [] };
      }),
    ),
  );
}

/** The content to be stored: the draft, or the patched resource. */
function readContent({ entry, previous }: Target): Draft | undefined {
  if (!entry.patch) return entry.draft;
  return toDraft(entry.patch(parseExactBody(previous!.body!)));
}

/** Searches for each reference without a match, once per round. If several resources match: 412. */
async function resolveReferences(context: Context, waiting: PendingTarget[], found: Map<string, string>): Promise<void> {
  const searchedKeys = new Set(found.keys());
  for (const { target, waits } of waiting) {
    for (const reference of waits) {
      if (searchedKeys.has(reference)) continue;
      searchedKeys.add(reference);
      const match = await withEntryError(target.entry.index, () => findReferenced(context, reference));
      if (match) found.set(reference, `${match.type}/${match.id}`);
    }
  }
}

function findReferenced(context: Context, reference: string): Promise<ResourceRow | undefined> {
  const { type } = parseSearchUrl(reference);
  return findMatch(context, type, reference.slice(reference.indexOf('?') + 1));
}

/** The targets that can be stored now. Targets without write hooks come first, because write hooks may read what those store. */
function findReady(context: Context, waiting: PendingTarget[], found: ReadonlyMap<string, string>): PendingTarget[] {
  const able = waiting.filter(({ waits }) => waits.every((reference) => found.has(reference)));
  if (!able.length) throw unresolvedReference(waiting[0]!, found);
  const batchable = able.filter((job) => !hasWriteHooks(context, job));
  return batchable.length ? batchable : able;
}

function unresolvedReference({ target, waits }: PendingTarget, found: ReadonlyMap<string, string>): FhirError {
  const linkCount = waits.length - waits.filter((reference) => found.has(reference)).length;
  const text = `${linkCount === 1 ? 'a conditional reference matches' : `${linkCount} conditional references match`} nothing`;
  return toEntryError(new FhirError('rule', [issue('not-found', text)]), target.entry.index);
}

const tooManyRounds = ({ target }: PendingTarget): FhirError =>
  toEntryError(
    new FhirError('rule', [
      issue('too-costly', `conditional references lead from entry to entry over more than ${MAX_ROUNDS} steps: use fullUrls for those`),
    ]),
    target.entry.index,
  );

const hasWriteHooks = (context: Context, { target: { entry, previous }, draft }: Pick<PendingTarget, 'target' | 'draft'>): boolean =>
  listWriteHooks(context, { type: entry.type, ...(draft && { draft }), ...(previous && { previous }) }).length > 0;

interface ResolvedNames {
  links: Links;
  found: ReadonlyMap<string, string>;
}

/** A target that is written now. `draft`: with its final references. */
interface ReadyTarget {
  target: Target;
  draft: Draft | undefined;
}

async function storeReady(context: Context, ready: PendingTarget[], naming: ResolvedNames): Promise<[number, EntryOutcome][]> {
  const done: [number, EntryOutcome][] = [];
  const batch: { at: number; write: PendingWrite }[] = [];
  const hooked: ReadyTarget[] = [];
  for (const [turn, job] of ready.entries()) {
    if (turn % YIELD_INTERVAL === YIELD_INTERVAL - 1) await setImmediate();
    const { target } = job;
    const { entry } = target;
    const draft = job.draft && localizeReferences(context, relinkDraft(job.draft, { ...naming, fullUrl: entry.fullUrl }));
    const unchanged = await withEntryError(entry.index, () => findUnchanged(context, target, draft));
    if (unchanged) done.push([entry.index, unchanged]);
    else if (hasWriteHooks(context, job)) hooked.push({ target, draft });
    else batch.push({ at: entry.index, write: await withEntryError(entry.index, () => prepareWrite(context, toWrite(target, draft))) });
  }
  await storeTogether(
    context,
    batch.map(({ write }) => write),
  );
  const stored = batch.map(({ at, write }): [number, EntryOutcome] => [at, toOutcome(write.previous, toStoredRow(write))]);
  return [...done, ...stored, ...(await storeHooked(context, hooked))];
}

/** Creations that do not refer to each other are stored together. The others may depend on what is stored before, so they follow in the order of the entries. */
async function storeHooked(context: Context, hooked: ReadyTarget[]): Promise<[number, EntryOutcome][]> {
  const together = new Set(findIndependentCreations(context, hooked));
  const done = await createWithHooks(context, [...together]);
  for (const ready of hooked)
    if (!together.has(ready)) done.push([ready.target.entry.index, await storeWithHooks(context, ready.target, ready.draft)]);
  return done;
}

function findIndependentCreations({ baseUrl }: Context, hooked: ReadyTarget[]): ReadyTarget[] {
  const names = new Set(hooked.map(({ target }) => `${target.entry.type}/${target.id}`));
  return hooked.filter(
    ({ target, draft }) =>
      draft !== undefined &&
      toWrite(target, draft).method === 'POST' &&
      listLiteralReferences(draft.resource, baseUrl).every(({ type, id }) => !names.has(`${type}/${id}`)),
  );
}

async function createWithHooks(context: Context, creations: ReadyTarget[]): Promise<[number, EntryOutcome][]> {
  for (const { target, draft } of creations) await withEntryError(target.entry.index, () => checkDraft(context, draft!, target.entry.type));
  const requests = creations.map(({ target, draft }) => ({
    request: toWrite(target, draft),
    locateErrors: <T>(work: () => Promise<T>) => withEntryError(target.entry.index, work, target.entry.type),
  }));
  const written = await writeWithHooks(context, requests);
  if (!written) throw new WriteConflict();
  return written.map((version, nth) => [creations[nth]!.target.entry.index, { ...version, outcome: 'created' }]);
}

/** An update with unchanged content does not create a version. */
async function findUnchanged(context: Context, { entry, previous }: Target, draft: Draft | undefined): Promise<EntryOutcome | undefined> {
  if (!draft || !previous || previous.body === null || !isUnchanged(draft, previous)) return undefined;
  await checkDraft(context, draft, entry.type);
  return { outcome: 'unchanged', row: previous };
}

const toWrite = ({ entry, id, previous }: Target, draft: Draft | undefined): WriteRequest => ({
  type: entry.type,
  id: id!,
  method: entry.method === 'PUT' && entry.id === undefined && !previous ? 'POST' : entry.method,
  ...(draft && { draft }),
  ...(previous && { previous }),
});

/** With its write hooks. These may have written it already, so what it replaces is read again. */
async function storeWithHooks(context: Context, target: Target, draft: Draft | undefined): Promise<EntryOutcome> {
  const previous = await context.store.read(context.caller.tenant, target.entry.type, target.id!);
  const now = { entry: target.entry, id: target.id!, ...(previous && { previous }) };
  const written = await withEntryError(target.entry.index, () => writeResource(context, toWrite(now, draft)), target.entry.type);
  if (!written) throw new WriteConflict();
  return { ...written, ...toOutcome(previous, written.row) };
}

/** Writes new resources in one statement, then replaced ones in another. Every transaction uses the same order, so that two transactions cannot deadlock. */
async function storeTogether(context: Context, writes: PendingWrite[]): Promise<void> {
  const changes = writes.map(({ change }) => change).sort(compareIdentity);
  for (const replaces of [false, true]) {
    const some = changes.filter((change) => (change.previous !== undefined) === replaces);
    if ((await context.store.write(context.caller.tenant, some)) < some.length) throw new WriteConflict();
  }
}

const compareIdentity = (a: ResourceChange, b: ResourceChange): number =>
  a.type === b.type ? (a.id < b.id ? -1 : 1) : a.type < b.type ? -1 : 1;

function toOutcome(previous: ResourceRow | undefined, row: ResourceRow): EntryOutcome {
  if (row.body === null) return { outcome: 'deleted', row };
  return { outcome: previous === undefined || previous.body === null ? 'created' : 'updated', row };
}

/** Refuses the transaction if it stored another match of a conditional reference, because the result would depend on the order of the entries. */
async function checkReferencesUnchanged(context: Context, targets: Target[], found: ReadonlyMap<string, string>): Promise<void> {
  const written = new Set(targets.flatMap(({ entry, outcome }) => (outcome ? [] : entry.type)));
  for (const [reference, name] of found) {
    if (!written.has(parseSearchUrl(reference).type)) continue;
    const match = await findReferenced(context, reference);
    if (match === undefined || `${match.type}/${match.id}` !== name)
      throw multipleMatches('a conditional reference matches another resource after this transaction than before it');
  }
}
