// A server of one form, in a process of its own: the first argument is its database, the second `true` if it records no audit. Prints its port.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { openIndexState } from '../../src/interactions/index-state.ts';
import { createTracing } from '../../src/observability/tracing.ts';
import { assemble } from '../../src/server/assemble.ts';
import { loadDefinitions } from '../../src/server/load-definitions.ts';
import { openServerDatabases } from '../../src/server/open-migrated-databases.ts';
import { createReindexing } from '../../src/store/reindexing.ts';

const [url, withoutAudit] = process.argv.slice(2) as [string, string];
const config = readConfig({ ...process.env, DATABASE_URL: url, FACET_LOG_LEVEL: 'silent' });
const loaded = loadDefinitions(config);
const tracing = config.tracing && createTracing(config.tracing, ({ error }, text) => console.error(text, error));
const opened = await openServerDatabases({ url, tenantWall: config.rls });
const { database, background } = tracing?.traceDatabases(opened) ?? opened;
const index = await openIndexState(createReindexing(background), loaded.registry, new Date());
const { app } = await assemble({
  config,
  loaded,
  database,
  background,
  index,
  log: pino({ level: 'silent' }),
  baseUrl: 'http://localhost',
  ...(withoutAudit === 'true' && { withoutAudit: true as const }),
});
// a connection waits as long as the other servers have their turns
const server = createServer({ keepAliveTimeout: 0 }, (req, res) =>
  tracing ? tracing.traceRequest(req, res, () => app(req, res)) : app(req, res),
);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
