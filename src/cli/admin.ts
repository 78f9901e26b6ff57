// The commands of operators, as a table of operations on a database. The command line runs them; while a server has the embedded database open, that server does.
import { pino } from 'pino';
import { AdministrationError } from '../administration/administration-error.ts';
import type { Config } from '../config.ts';
import { readIndexState } from '../interactions/index-state.ts';
import { assemble, type Facet } from '../server/assemble.ts';
import { type Definitions, loadDefinitions } from '../server/load-definitions.ts';
import { usesSandbox } from '../server/panels.ts';
import { openSecretBox } from '../server/secrets-key.ts';
import type { Database } from '../store/database/database.ts';
import { createReindexing } from '../store/reindexing.ts';
import { ACCOUNT_OPERATIONS } from './accounts.ts';
import { type AdminContext, AdminError, type AdminOperation, type AdminRequest } from './admin-command.ts';
import { AUDIT_OPERATIONS } from './audit.ts';
import { CATALOGUE_OPERATIONS } from './catalogue.ts';
import { ERASE_OPERATIONS } from './erase.ts';
import { KEY_OPERATIONS } from './keys.ts';
import { MIGRATION_OPERATIONS } from './migrations.ts';
import { ORDER_OPERATIONS } from './orders.ts';
import { PROFILE_OPERATIONS } from './profiles.ts';
import { INDEX_OPERATIONS } from './search-index.ts';
import { SUBSCRIPTION_OPERATIONS } from './subscriptions.ts';
import { TENANT_OPERATIONS } from './tenants.ts';

const OPERATIONS: Record<string, AdminOperation> = {
  ...TENANT_OPERATIONS,
  ...KEY_OPERATIONS,
  ...ACCOUNT_OPERATIONS,
  ...ORDER_OPERATIONS,
  ...CATALOGUE_OPERATIONS,
  ...SUBSCRIPTION_OPERATIONS,
  ...PROFILE_OPERATIONS,
  ...INDEX_OPERATIONS,
  ...ERASE_OPERATIONS,
  ...MIGRATION_OPERATIONS,
  ...AUDIT_OPERATIONS,
};

/** Runs one command; returns the lines to print. */
export async function administer(database: Database, { command, options }: AdminRequest, context: AdminContext): Promise<string[]> {
  const operation = Object.hasOwn(OPERATIONS, command) && OPERATIONS[command];
  if (!operation) throw new AdminError(`there is no command "${command}"`);
  return operation(database, options, context).catch(nameOption);
}

/** In a mistake of an administrator, the field is the option of that name. */
function nameOption(error: unknown): never {
  if (!(error instanceof AdministrationError) || error.field === undefined) throw error;
  throw new AdminError(`--${error.field}${error.text}`);
}

/** For a running server and the definitions it has loaded. What commands write while they run is lost, unless `print` and `progress` are replaced. */
export const buildAdminContext = (
  { ownContextOf, syncCatalogue }: Pick<Facet, 'ownContextOf' | 'syncCatalogue'>,
  { keyPrefixes, mappings }: Definitions,
  { config, now }: { config: Config; now: () => Date },
): AdminContext => ({
  keyPrefixes,
  mappings,
  now,
  secrets: openSecretBox(config),
  isEnvironmentExclusive: config.junction.apiKey !== undefined && !config.junction.isShared && !usesSandbox(config),
  contextOf: ownContextOf,
  syncCatalogue,
  print: async () => {},
  progress: () => {},
});

/**
 * Without a running server: assembles one and does not start it, so that an operator's writes follow the same rules. The state of the index is only read,
 * because servers of another version may be running.
 */
export async function openAdminContext(database: Database, config: Config): Promise<AdminContext> {
  const loaded = loadDefinitions(config);
  const baseUrl = config.baseUrl ?? `http://localhost:${config.port}`;
  const index = await readIndexState(createReindexing(database), loaded.registry);
  const facet = await assemble({ config, loaded, database, index, log: pino({ level: 'silent' }), baseUrl });
  return buildAdminContext(facet, loaded, { config, now: () => new Date() });
}
