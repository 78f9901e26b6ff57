// The walk that makes index rows again: through all resources of all tenants in the order of storing, a window at a time, until a whole walk finds none
// that stands by other rules. It goes on where it was left, and two processes never walk at once. Searches and writes go on meanwhile.
// docs/decisions/0010-index-maintenance.md

import { aliasHash } from '../fhir/hash.ts';
import { aliasOf } from '../fhir/indexing/alias.ts';
import { indexRows } from '../fhir/indexing/resource.ts';
import type { Registry } from '../fhir/search/parameters.ts';
import type { Resource } from '../fhir/types.ts';
import { createLease, type Lease } from '../messaging/lease.ts';
import type { IndexUpkeep, Renewal, RulesTarget, StaleRow, Walk } from '../store/index-upkeep.ts';

export interface Walking {
  upkeep: IndexUpkeep;
  registry: Registry;
  /** The FHIR base URL, without a trailing slash: absolute references under it are local ones. */
  baseUrl: string;
  clock: () => Date;
  /** A name of this process. */
  by: string;
  /** Told after every window; may take its time, so that others get theirs. */
  pause?(walk: Walk): Promise<void>;
  /** How many resources a window has. */
  size?: number;
  /** Asked after every window: true stops the walk where it is. */
  stopped?(): boolean;
}

/** `done`: everything stands by the target. `left`: stopped, or somebody took the walk over. `taken`: somebody else walks. */
export type WalkEnd = 'done' | 'left' | 'taken';

const WINDOW = 1000;
const AT_ONCE = 100;
const LEASE_MS = 60_000;

/** Walks to the target, as often as it takes. */
export async function walkIndex(walking: Walking, target: RulesTarget): Promise<WalkEnd> {
  const { upkeep } = walking;
  let walk = await upkeep.claim(textOf(target), leaseOf(walking));
  if (!walk) return 'taken';
  // what is made known or left to servers from now on may be written behind the walk
  const began = await upkeep.known();
  for (;;) {
    const next: Walk | undefined = await nextWindow(walking, target, walk);
    if (!next) {
      if (walk.stale === 0) {
        await upkeep.finish(target, began, leaseOf(walking));
        return 'done';
      }
      if (!(await upkeep.again(walk, leaseOf(walking)))) return 'left';
      walk = { ...walk, tenant: 0, pid: '0', seen: 0, stale: 0, renewed: 0 };
      continue;
    }
    walk = next;
    if (!(await upkeep.save(walk, leaseOf(walking)))) return 'left';
    await walking.pause?.(walk);
    if (walking.stopped?.()) {
      await upkeep.release(leaseOf(walking));
      return 'left';
    }
  }
}

const textOf = (target: RulesTarget): string => [...target].map(([type, rules]) => `${type}:${rules}`).join(' ');

const leaseOf = ({ clock, by }: Walking): Lease => createLease(clock(), by, LEASE_MS);

/** The walk after one more window; undefined at its end. */
async function nextWindow(walking: Walking, target: RulesTarget, walk: Walk): Promise<Walk | undefined> {
  const { upkeep, size = WINDOW } = walking;
  const found = walk.tenant === 0 ? undefined : await upkeep.window(walk.tenant, walk.pid, size, target);
  if (!found) {
    const tenant = await upkeep.nextTenant(walk.tenant);
    return tenant === undefined ? undefined : { ...walk, tenant, pid: '0' };
  }
  let renewed = 0;
  for (let from = 0; from < found.stale.length; from += AT_ONCE)
    renewed += await renew(walking, target, { tenant: walk.tenant, pids: found.stale.slice(from, from + AT_ONCE) });
  return {
    ...walk,
    pid: found.last,
    seen: walk.seen + found.seen,
    stale: walk.stale + found.stale.length,
    renewed: walk.renewed + renewed,
  };
}

async function renew(walking: Walking, target: RulesTarget, { tenant, pids }: { tenant: number; pids: string[] }): Promise<number> {
  let [renewed, rest] = [0, pids];
  for (;;) {
    const rows = await walking.upkeep.bodies(tenant, rest);
    const last = rows.at(-1);
    if (!last) return renewed;
    renewed += await walking.upkeep.replace(
      tenant,
      rows.map((row) => renewalOf(walking, tenant, row, target)),
    );
    rest = rest.slice(rest.indexOf(last.pid) + 1);
  }
}

function renewalOf({ registry, baseUrl }: Walking, tenant: number, row: StaleRow, target: RulesTarget): Renewal {
  const alias = aliasOf(tenant, row.type, row.id);
  const extra = alias === row.id ? [] : [aliasHash(alias)];
  return { row, index: indexRows(JSON.parse(row.body) as Resource, registry, extra, baseUrl), rules: target.get(row.type)! };
}
