// Storing the targets of a transaction: many rows in one statement, types with write hooks one by one after them.
// Conditional references are looked up last, so a resource that has some waits until what they mean is stored. https://hl7.org/fhir/R4/http.html#trules
import { setImmediate } from 'node:timers/promises';
import { parseExact } from '../fhir/json.ts';
import { FhirError, issue, multipleMatches } from '../fhir/outcome.ts';
import { queryString } from '../fhir/query-string.ts';
import type { Resource } from '../fhir/types.ts';
import type { Change } from '../store/resources/change.ts';
import type { Row } from '../store/resources/row.ts';
import { lockedMatch } from './conditional-match.ts';
import { type Context, type Draft, findWriteHooks, type PendingWrite } from './context.ts';
import { ALONE, type Done, Overtaken, saidOf, within } from './transaction-entry.ts';
import { conditionalReferences, type Links, named } from './transaction-links.ts';
import type { Target } from './transaction-targets.ts';
import { isSame } from './update.ts';
import { accept, accepted, draftOf, storedRow, type Write, write } from './write.ts';

/** A target about to be written; `waits`: the conditional references it has. Outside of a transaction there is no such thing. */
interface Job {
  target: Target;
  draft: Draft | undefined;
  waits: string[];
}

const NO_LINKS: Links = new Map();
/** So many may wait for each other in a row: in each round, whatever is still looked for is looked for again. */
const MOST_ROUNDS = 16;
/** Between so many resources, other requests get their turn. */
const TURN = 100;

/** Writes all of them. What became of each is by the places of their entries. */
export async function storeAll(context: Context, targets: Target[], links: Links = NO_LINKS): Promise<Map<number, Done>> {
  const done = new Map<number, Done>(targets.flatMap(({ entry, settled }) => (settled ? [[entry.at, settled]] : [])));
  const found = new Map<string, string>();
  let waiting = await jobsOf(targets.filter((target) => !target.settled));
  for (let round = 1; waiting.length; round++) {
    if (round > MOST_ROUNDS) throw tooDeep(waiting[0]!);
    await lookUp(context, waiting, found);
    const ready = readyOf(context, waiting, found);
    for (const [at, one] of await storeReady(context, ready, { links, found })) done.set(at, one);
    waiting = waiting.filter((job) => !ready.includes(job));
  }
  await lookUpAgain(context, targets, found);
  return done;
}

async function jobsOf(targets: Target[]): Promise<Job[]> {
  return Promise.all(
    targets.map((target) =>
      within(target.entry.at, () => {
        const draft = contentOf(target);
        const looksUp = draft !== undefined && target.entry.at !== ALONE;
        return { target, draft, waits: looksUp ? conditionalReferences(draft.plain) : [] };
      }),
    ),
  );
}

/** What is to be stored: as it came, or as the patch leaves it. */
function contentOf({ entry, previous }: Target): Draft | undefined {
  if (!entry.patch) return entry.draft;
  return draftOf(entry.patch(parseExact(previous!.body!) as Resource));
}

/** Looks for what is not found yet, for each once; several matches are refused (412). */
async function lookUp(context: Context, waiting: Job[], found: Map<string, string>): Promise<void> {
  const asked = new Set(found.keys());
  for (const { target, waits } of waiting) {
    for (const reference of waits) {
      if (asked.has(reference)) continue;
      asked.add(reference);
      const match = await within(target.entry.at, () => meant(context, reference));
      if (match) found.set(reference, `${match.type}/${match.id}`);
    }
  }
}

function meant(context: Context, reference: string): Promise<Row | undefined> {
  const { type } = queryString(reference);
  return lockedMatch(context, type, reference.slice(reference.indexOf('?') + 1));
}

/** Those that can be stored now: without write hooks if there are such, since write hooks look at what the others store. */
function readyOf(context: Context, waiting: Job[], found: ReadonlyMap<string, string>): Job[] {
  const able = waiting.filter(({ waits }) => waits.every((reference) => found.has(reference)));
  if (!able.length) throw nothingMeant(waiting[0]!, found);
  const plain = able.filter((job) => !hasWriteHooks(context, job));
  return plain.length ? plain : able;
}

function nothingMeant({ target, waits }: Job, found: ReadonlyMap<string, string>): FhirError {
  const where = waits.length - waits.filter((reference) => found.has(reference)).length;
  const text = `${where === 1 ? 'a conditional reference matches' : `${where} conditional references match`} nothing`;
  return saidOf(new FhirError('rule', [issue('not-found', text)]), target.entry.at);
}

const tooDeep = ({ target }: Job): FhirError =>
  saidOf(
    new FhirError('rule', [
      issue('too-costly', `conditional references lead from entry to entry over more than ${MOST_ROUNDS} steps: use fullUrls for those`),
    ]),
    target.entry.at,
  );

const hasWriteHooks = (context: Context, { target: { entry, previous }, draft }: Pick<Job, 'target' | 'draft'>): boolean =>
  findWriteHooks(context, entry.type, { ...(draft && { resource: draft.plain }), ...(previous && { previous }) }).length > 0;

interface Naming {
  links: Links;
  found: ReadonlyMap<string, string>;
}

async function storeReady(context: Context, ready: Job[], naming: Naming): Promise<[number, Done][]> {
  const done: [number, Done][] = [];
  const together: { at: number; write: PendingWrite }[] = [];
  for (const [turn, job] of ready.entries()) {
    if (turn % TURN === TURN - 1) await setImmediate();
    const { entry } = job.target;
    const draft = job.draft && named(job.draft, { ...naming, fullUrl: entry.fullUrl });
    const same = await within(entry.at, () => unchanged(context, job.target, draft));
    if (same) done.push([entry.at, same]);
    else if (hasWriteHooks(context, job)) done.push([entry.at, await storeOne(context, job.target, draft)]);
    else together.push({ at: entry.at, write: await within(entry.at, () => accepted(context, requestOf(job.target, draft))) });
  }
  await storeTogether(
    context,
    together.map(({ write }) => write),
  );
  return [...done, ...together.map(({ at, write }): [number, Done] => [at, doneOf(write.previous, storedRow(write))])];
}

/** An update that says what stands already makes no new version. */
async function unchanged(context: Context, { entry, previous }: Target, draft: Draft | undefined): Promise<Done | undefined> {
  if (!draft || !previous || previous.body === null || !isSame(draft, previous)) return undefined;
  await accept(context, draft, entry.type);
  return { outcome: 'unchanged', row: previous };
}

const requestOf = ({ entry, id, previous }: Target, draft: Draft | undefined): Write => ({
  type: entry.type,
  id: id!,
  method: entry.method === 'PUT' && entry.id === undefined && !previous ? 'POST' : entry.method,
  ...(draft && { draft }),
  ...(previous && { previous }),
});

/** With its write hooks. These may have written it already, so what it replaces is read again. */
async function storeOne(context: Context, target: Target, draft: Draft | undefined): Promise<Done> {
  const previous = await context.store.read(context.caller.tenant, target.entry.type, target.id!);
  const now = { entry: target.entry, id: target.id!, ...(previous && { previous }) };
  const made = await within(target.entry.at, () => write(context, requestOf(now, draft)), target.entry.type);
  if (!made) throw new Overtaken();
  return { ...made, ...doneOf(previous, made.row) };
}

/** First what is new, then what replaces something: one statement each, in one order for everybody. */
async function storeTogether(context: Context, writes: PendingWrite[]): Promise<void> {
  const changes = writes.map(({ change }) => change).sort(byIdentity);
  for (const replaces of [false, true]) {
    const some = changes.filter((change) => (change.previous !== undefined) === replaces);
    if ((await context.store.write(context.caller.tenant, some)) < some.length) throw new Overtaken();
  }
}

const byIdentity = (a: Change, b: Change): number => (a.type === b.type ? (a.id < b.id ? -1 : 1) : a.type < b.type ? -1 : 1);

function doneOf(previous: Row | undefined, row: Row): Done {
  if (row.body === null) return { outcome: 'deleted', row };
  return { outcome: previous === undefined || previous.body === null ? 'created' : 'updated', row };
}

/** What was stored meanwhile may be a second match, or the first one of criteria that found another: then the result would hang on the order. */
async function lookUpAgain(context: Context, targets: Target[], found: ReadonlyMap<string, string>): Promise<void> {
  const written = new Set(targets.flatMap(({ entry, settled }) => (settled ? [] : entry.type)));
  for (const [reference, name] of found) {
    if (!written.has(queryString(reference).type)) continue;
    const match = await meant(context, reference);
    if (match === undefined || `${match.type}/${match.id}` !== name)
      throw multipleMatches('a conditional reference means another resource before this transaction than after it');
  }
}
