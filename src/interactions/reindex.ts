// Reindexing: reads all resources of all tenants in the order of their creation, in batches, and repeats this pass until it finds no resource with older index
// rules. After a stop, it continues from the stored progress. One process at a time reindexes. Searches and writes continue meanwhile.
// docs/decisions/0010-index-maintenance.md

import { aliasHash } from '../fhir/hash.ts';
import { buildIndexRows } from '../fhir/indexing/resource-rows.ts';
import { toUuidAlias } from '../fhir/indexing/uuid-alias.ts';
import type { SearchRegistry } from '../fhir/search/registry.ts';
import { createLease, type Lease } from '../messaging/lease.ts';
import type { ReindexedRow, Reindexing, ReindexProgress, StaleRow, TargetRules } from '../store/reindexing.ts';
import { parseBody } from '../store/resources/resource-row.ts';

export interface ReindexOptions {
  reindexing: Reindexing;
  registry: SearchRegistry;
  /** The FHIR base URL, without a trailing slash. Absolute references under it are local references. */
  baseUrl: string;
  clock: () => Date;
  /** A name of this process, for the lease. */
  owner: string;
  /** Called after every batch. It may delay the next batch, to leave time for other work. */
  onBatch?(walk: ReindexProgress): Promise<void>;
  /** Resources per batch. */
  batchSize?: number;
  /** Called after every batch. True stops reindexing; its progress stays stored. */
  isStopped?(): boolean;
}

/** `done`: all resources are indexed by the target rules. `left`: stopped, or another process took over. `taken`: another process is reindexing. */
export type ReindexResult = 'done' | 'left' | 'taken';

const BATCH_SIZE = 1000;
const WRITE_BATCH_SIZE = 100;
const LEASE_MS = 60_000;

/** Repeats the pass until a pass finds no stale resource. */
export async function reindexAll(walking: ReindexOptions, target: TargetRules): Promise<ReindexResult> {
  const { reindexing } = walking;
  let walk = await reindexing.claim(toTargetText(target), takeLease(walking));
  if (!walk) return 'taken';
  // rules that are registered from now on may belong to resources that the pass has already read
  const startRules = await reindexing.listRules();
  for (;;) {
    const next: ReindexProgress | undefined = await reindexBatch(walking, target, walk);
    if (!next) {
      if (walk.stale === 0) {
        await reindexing.finish(target, startRules, takeLease(walking));
        return 'done';
      }
      if (!(await reindexing.restart(walk, takeLease(walking)))) return 'left';
      walk = { ...walk, tenant: 0, pid: '0', scanned: 0, stale: 0, reindexed: 0 };
      continue;
    }
    walk = next;
    if (!(await reindexing.saveProgress(walk, takeLease(walking)))) return 'left';
    await walking.onBatch?.(walk);
    if (walking.isStopped?.()) {
      await reindexing.release(takeLease(walking));
      return 'left';
    }
  }
}

const toTargetText = (target: TargetRules): string => [...target].map(([type, rules]) => `${type}:${rules}`).join(' ');

const takeLease = ({ clock, owner }: ReindexOptions): Lease => createLease(clock(), owner, LEASE_MS);

/** The progress after one more batch; undefined at the end of the pass. */
async function reindexBatch(walking: ReindexOptions, target: TargetRules, walk: ReindexProgress): Promise<ReindexProgress | undefined> {
  const { reindexing, batchSize = BATCH_SIZE } = walking;
  const found = walk.tenant === 0 ? undefined : await reindexing.readBatch(walk.tenant, walk.pid, batchSize, target);
  if (!found) {
    const tenant = await reindexing.findNextTenant(walk.tenant);
    return tenant === undefined ? undefined : { ...walk, tenant, pid: '0' };
  }
  let renewed = 0;
  for (let from = 0; from < found.stale.length; from += WRITE_BATCH_SIZE)
    renewed += await reindexStale(walking, target, { tenant: walk.tenant, pids: found.stale.slice(from, from + WRITE_BATCH_SIZE) });
  return {
    ...walk,
    pid: found.last,
    scanned: walk.scanned + found.seen,
    stale: walk.stale + found.stale.length,
    reindexed: walk.reindexed + renewed,
  };
}

async function reindexStale(
  walking: ReindexOptions,
  target: TargetRules,
  { tenant, pids }: { tenant: number; pids: string[] },
): Promise<number> {
  let [renewed, rest] = [0, pids];
  for (;;) {
    const rows = await walking.reindexing.readStaleRows(tenant, rest, target);
    const last = rows.at(-1);
    if (!last) return renewed;
    renewed += await walking.reindexing.replaceIndexRows(
      tenant,
      rows.map((row) => toReindexedRow(walking, tenant, row, target)),
    );
    rest = rest.slice(rest.indexOf(last.pid) + 1);
  }
}

function toReindexedRow({ registry, baseUrl }: ReindexOptions, tenant: number, row: StaleRow, target: TargetRules): ReindexedRow {
  const alias = toUuidAlias(tenant, row.type, row.id);
  const extra = alias === row.id ? [] : [aliasHash(alias)];
  return { row, index: buildIndexRows(parseBody(row.body), registry, extra, baseUrl), rules: target.get(row.type)! };
}
