// Stores prepared versions, with the write hooks of their types. All steps succeed, or nothing is stored.

import type { Issue } from '../fhir/outcome.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { type Context, findWriteHooks, type PendingWrite, type WriteHook } from './context.ts';
import { buildPendingWrite, checkDraft, toStoredRow, type WriteRequest } from './prepare-write.ts';
import { runChecks, runEffects } from './write-hooks.ts';

/** A stored version, and warnings for the client. */
interface WrittenVersion {
  row: ResourceRow;
  warnings?: Issue[];
}

/** Stores one new version. Returns undefined if another writer was first and nothing was written. */
export async function writeResource(context: Context, request: WriteRequest): Promise<WrittenVersion | undefined> {
  if (request.draft) await checkDraft(context, request.draft, request.type);
  if (listWriteHooks(context, request).length) {
    const only = { request, locateErrors: <T>(work: () => Promise<T>) => work() };
    return context.store.transaction(async (store) => (await writeWithHooks({ ...context, store }, [only]))?.[0]);
  }
  const write = buildPendingWrite(context, request);
  return (await context.store.write(context.caller.tenant, [write.change])) ? { row: toStoredRow(write) } : undefined;
}

/** A write among several. */
interface LocatedWrite {
  request: WriteRequest;
  /** Runs `work` and adds the position of this write to its errors. */
  locateErrors<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Inside a transaction: the checks of the write hooks, then the versions in one statement, then the effects of the write hooks. Either one write, or creations
 * that do not refer to each other. The drafts are checked. Returns undefined if another writer was first.
 */
export async function writeWithHooks(context: Context, all: LocatedWrite[]): Promise<WrittenVersion[] | undefined> {
  const locate = <T>(nth: number, work: () => Promise<T>): Promise<T> => all[nth]!.locateErrors(work);
  const writes: PendingWrite[] = [];
  for (const { request, locateErrors } of all)
    writes.push(await locateErrors(async () => buildPendingWrite(context, preserveServerElements(context, request))));
  await runChecks(context, writes, locate);
  const warnings: Issue[][] = [];
  for (const [nth, write] of writes.entries()) warnings.push(await locate(nth, () => readWarnings(context, write)));
  const changes = writes.map(({ change }) => change);
  if ((await context.store.write(context.caller.tenant, changes)) < changes.length) return undefined;
  await runEffects(context, writes, locate);
  return writes.map((write, nth) => toWrittenVersion(toStoredRow(write), warnings[nth]!));
}

async function readWarnings(context: Context, write: PendingWrite): Promise<Issue[]> {
  const warnings: Issue[] = [];
  for (const hook of findWriteHooks(context, write.type, write)) warnings.push(...((await hook.warnings?.(context, write)) ?? []));
  return warnings;
}

/** The write hooks that apply to this write. */
export const listWriteHooks = (
  context: Context,
  { type, draft, previous }: Pick<WriteRequest, 'type' | 'draft' | 'previous'>,
): WriteHook[] => findWriteHooks(context, type, { ...(draft && { resource: draft.resource }), ...(previous && { previous }) });

const toWrittenVersion = (row: ResourceRow, warnings: Issue[]): WrittenVersion => ({ row, ...(warnings.length && { warnings }) });

/** The write, with the elements that write hooks restore from the previous version. */
function preserveServerElements(context: Context, request: WriteRequest): WriteRequest {
  const { draft, previous } = request;
  if (!draft || !previous?.body) return request;
  const hooks = listWriteHooks(context, request);
  return { ...request, draft: hooks.reduce((now, hook) => hook.preserveServerElements?.(context, now, previous) ?? now, draft) };
}
