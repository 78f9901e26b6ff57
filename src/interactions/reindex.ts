// Reindexing: passes through all resources of all tenants in the order of storing, a batch at a time, until a pass finds no resource with other index rules.
// It continues where it stopped; two processes never reindex at once; searches and writes continue meanwhile.
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
  /** The FHIR base URL, without a trailing slash: absolute references under it are local ones. */
  baseUrl: string;
  clock: () => Date;
  /** A name of this process. */
  owner: string;
  /** Told after every window; may take its time, so that others get theirs. */
  onBatch?(walk: ReindexProgress): Promise<void>;
  /** How many resources a window has. */
  batchSize?: number;
  /** Asked after every window: true stops the walk where it is. */
  isStopped?(): boolean;
}

/** `done`: everything stands by the target. `left`: stopped, or somebody took the walk over. `taken`: somebody else walks. */
export type ReindexResult = 'done' | 'left' | 'taken';

const BATCH_SIZE = 1000;
const WRITE_BATCH_SIZE = 100;
const LEASE_MS = 60_000;

/** Walks to the target, as often as it takes. */
export async function reindexAll(walking: ReindexOptions, target: TargetRules): Promise<ReindexResult> {
  const { reindexing } = walking;
  let walk = await reindexing.claim(toTargetText(target), takeLease(walking));
  if (!walk) return 'taken';
  // what is made known or left to servers from now on may be written behind the walk
  const began = await reindexing.listRules();
  for (;;) {
    const next: ReindexProgress | undefined = await reindexBatch(walking, target, walk);
    if (!next) {
      if (walk.stale === 0) {
        await reindexing.finish(target, began, takeLease(walking));
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

/** The walk after one more window; undefined at its end. */
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
    const rows = await walking.reindexing.readStaleRows(tenant, rest);
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
