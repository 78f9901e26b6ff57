// What commands need to know: of the server that runs them, or, when none runs, of one put together for that and not started, so that what an operator
// changes is written by the same rules and has the same consequences either way.
import { pino } from 'pino';
import type { Config } from '../config.ts';
import { readIndexState } from '../interactions/index-state.ts';
import { assemble, type Facet } from '../server/assemble.ts';
import { type Definitions, loadDefinitions } from '../server/load-definitions.ts';
import type { Database } from '../store/database/database.ts';
import { upkeepOf } from '../store/index-upkeep.ts';
import type { AdminFacts } from './admin-command.ts';

/** Of a server, and of what it has loaded. */
export const factsOf = (
  { ownContextOf }: Pick<Facet, 'ownContextOf'>,
  { keyPrefixes, mappings }: Definitions,
  now: () => Date,
): AdminFacts => ({
  keyPrefixes,
  mappings,
  now,
  contextOf: ownContextOf,
});

/** Where no server runs them: of the index they only read, since servers may be running by other rules. */
export async function adminFacts(database: Database, config: Config): Promise<AdminFacts> {
  const loaded = loadDefinitions(config.mappings);
  const baseUrl = config.baseUrl ?? `http://localhost:${config.port}`;
  const index = await readIndexState(upkeepOf(database), loaded.registry);
  const facet = await assemble({ config, loaded, database, index, log: pino({ level: 'silent' }), baseUrl });
  return factsOf(facet, loaded, () => new Date());
}
