// `facet index`: shows whether every resource is indexed by the search parameters of this version, and reindexes those that are not. docs/decisions/0010-index-maintenance.md
import { setTimeout as delay } from 'node:timers/promises';
import { buildIndexRules, findChangedParameters } from '../fhir/indexing/index-rules.ts';
import type { SearchRegistry } from '../fhir/search/registry.ts';
import type { Caller } from '../interactions/context.ts';
import { openIndexState } from '../interactions/index-state.ts';
import { reindexAll } from '../interactions/reindex.ts';
import type { Database } from '../store/database/database.ts';
import { createReindexing, type Reindexing } from '../store/reindexing.ts';
import type { AdminContext, AdminOperation, DefineCommands, Options } from './admin-command.ts';
import { textTable } from './text-table.ts';

/** Has no access to the data of tenants. */
const OPERATOR: Caller = { tenant: 0, actor: 'index', surface: 'fhir', scopes: [] };

/** Shows the search parameters that are not indexed completely, and the progress of reindexing. Changes nothing. */
async function indexStatus(database: Database, _options: Options, { contextOf, now }: AdminContext): Promise<string[]> {
  const { registry } = contextOf(OPERATOR);
  const reindexing = createReindexing(database);
  const outdated = await findOutdated(reindexing, registry);
  if (!outdated.length) return ['the index is complete: every resource is indexed by the search parameters of this version'];
  const rows = outdated.map(({ type, all, codes }) => [type, codes.length === all ? 'all' : codes.join(', ')]);
  return [...textTable(['type', 'search parameters that are not indexed completely'], rows), ...(await progressLines(reindexing, now))];
}

async function findOutdated(reindexing: Reindexing, registry: SearchRegistry): Promise<{ type: string; all: number; codes: string[] }[]> {
  const known = await reindexing.listRules();
  return buildIndexRules(registry).flatMap((rules) => {
    const others = known.filter(({ type }) => type === rules.type);
    const codes = [...new Set(others.flatMap(({ parameters }) => findChangedParameters(rules, parameters)))];
    return codes.length ? [{ type: rules.type, all: Object.keys(rules.parameters).length, codes }] : [];
  });
}

async function progressLines(reindexing: Reindexing, now: () => Date): Promise<string[]> {
  const walk = await reindexing.readProgress();
  const hasStarted = walk !== undefined && walk.scanned > 0;
  const progress = hasStarted ? [`${walk.scanned} of about ${walk.total} resources checked, ${walk.reindexed} indexed again`] : [];
  const isRunning = walk?.leaseUntil != null && walk.leaseUntil > now().toISOString();
  return [...progress, isRunning ? 'a process is indexing now' : 'no process is indexing: start a server, or use facet index run'];
}

/** Registers the search parameters of this version, and reindexes every resource that was indexed by others. */
async function indexRun(database: Database, _options: Options, { contextOf, now }: AdminContext): Promise<string[]> {
  const { registry, baseUrl } = contextOf(OPERATOR);
  const reindexing = createReindexing(database);
  const state = await openIndexState(reindexing, registry, now(), true);
  let reindexed = 0;
  const options = {
    reindexing,
    registry,
    baseUrl,
    clock: now,
    owner: `run-${process.pid}`,
    onBatch: async (progress: { reindexed: number }) => {
      reindexed = Math.max(reindexed, progress.reindexed);
    },
  };
  while ((await reindexAll(options, state.listNewest())) !== 'done') await delay(1000);
  return [`the index is complete: ${reindexed} resources were indexed again`];
}

export const INDEX_OPERATIONS: Record<string, AdminOperation> = { 'index status': indexStatus, 'index run': indexRun };

const RUN_HELP = `
A running server does this by itself, at half the speed. After a return to an older version this command makes the search parameters of that
version the ones to index by.

Example:
  facet index run`;

export const defineIndexCommands: DefineCommands = (index, run) => {
  index
    .command('status')
    .description('show whether all resources are indexed by the search parameters of this version')
    .action(() => run('index status', {}));
  index
    .command('run')
    .description('index now every resource that is not indexed by them')
    .addHelpText('after', RUN_HELP)
    .action(() => run('index run', {}));
};
