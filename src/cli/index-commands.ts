// `facet index`: whether the index stands by the rules of this program, and making it so. docs/decisions/0010-index-maintenance.md
import { setTimeout as delay } from 'node:timers/promises';
import { changedIn, rulesIn } from '../fhir/indexing/rules.ts';
import type { Registry } from '../fhir/search/parameters.ts';
import type { Caller } from '../interactions/context.ts';
import { openIndexState } from '../interactions/index-state.ts';
import { walkIndex } from '../interactions/index-walk.ts';
import type { Database } from '../store/database/database.ts';
import type { IndexUpkeep } from '../store/index-upkeep.ts';
import { upkeepOf } from '../store/index-upkeep.ts';
import type { AdminFacts, Options } from './admin-command.ts';
import { textTable } from './text-table.ts';

/** Nobody's data is looked at, only how it is indexed. */
const OPERATOR: Caller = { tenant: 0, actor: 'index', surface: 'fhir', scopes: [] };

/** What is not whole, and how far the walk has come. Changes nothing. */
export async function indexStatus(database: Database, _options: Options, { contextOf, now }: AdminFacts): Promise<string[]> {
  const { registry } = contextOf(OPERATOR);
  const upkeep = upkeepOf(database);
  const behind = await behindIn(upkeep, registry);
  if (!behind.length) return ['the index is whole: all resources stand by the rules of this program'];
  const rows = behind.map(({ type, all, codes }) => [type, codes.length === all ? 'all' : codes.join(', ')]);
  return [...textTable(['type', 'search parameters whose index is not whole'], rows), ...(await progressOf(upkeep, now))];
}

async function behindIn(upkeep: IndexUpkeep, registry: Registry): Promise<{ type: string; all: number; codes: string[] }[]> {
  const known = await upkeep.known();
  return rulesIn(registry).flatMap((rules) => {
    const others = known.filter(({ type }) => type === rules.type);
    const codes = [...new Set(others.flatMap(({ parameters }) => changedIn(rules, parameters)))];
    return codes.length ? [{ type: rules.type, all: Object.keys(rules.parameters).length, codes }] : [];
  });
}

async function progressOf(upkeep: IndexUpkeep, now: () => Date): Promise<string[]> {
  const walk = await upkeep.progress();
  const begun = walk !== undefined && walk.seen > 0;
  const far = begun ? [`${walk.seen} of about ${walk.total} resources looked at, ${walk.renewed} made again`] : [];
  const works = walk?.leaseUntil != null && walk.leaseUntil > now().toISOString();
  return [...far, works ? 'a process is at it' : 'nobody is at it: start a server, or facet index run'];
}

/** Makes the rules of this program the newest, and everything again that does not stand by them. */
export async function indexRun(database: Database, _options: Options, { contextOf, now }: AdminFacts): Promise<string[]> {
  const { registry, baseUrl } = contextOf(OPERATOR);
  const upkeep = upkeepOf(database);
  const state = await openIndexState(upkeep, registry, true);
  let renewed = 0;
  const walking = {
    upkeep,
    registry,
    baseUrl,
    clock: now,
    by: `run-${process.pid}`,
    pause: async (walk: { renewed: number }) => {
      renewed = Math.max(renewed, walk.renewed);
    },
  };
  while ((await walkIndex(walking, state.newest())) !== 'done') await delay(1000);
  return [`the index is whole: ${renewed} resources were made again`];
}
