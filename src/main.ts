// Starts the server: open the database, bring it up to date, listen, say where; stop on a signal without dropping a request.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { type AdminRequest, administer } from './admin.ts';
import { assemble, type Facet } from './assemble.ts';
import type { Config } from './config.ts';
import { demoCurls, readDemo, seedDemo } from './demo.ts';
import { type DevKeys, devKeys } from './dev-keys.ts';
import { warmUp } from './fhir/validate.ts';
import { type Loaded, load } from './loaded.ts';
import { ROOT } from './root.ts';
import { lockDirectory } from './store/data-directory.ts';
import { type Database, openDatabase } from './store/database.ts';
import { migrate } from './store/migrations.ts';

/** A server that listens; `close` ends it, finishing the requests under way. */
export interface Running {
  url: string;
  close(): Promise<void>;
}

/** Everything from an empty directory to a listening server. `say` prints what a person should read. */
export async function start(config: Config, say: (line: string) => void): Promise<Running> {
  const log = pino({ level: config.logLevel });
  const loaded = load();
  const { database, release, serve } = await opened(config);
  const door = { answer: starting };
  const server = createServer((req, res) => door.answer(req, res));
  const steps = [() => database.close(), release];
  try {
    await migrate(database, new Date().toISOString());
    const baseUrl = config.baseUrl ?? `http://localhost:${await listening(server, config.port)}`;
    const facet = await assemble({ config, loaded, database, log, baseUrl });
    serve((request) => administer(database, request, { keyPrefixes: loaded.keyPrefixes, now: () => new Date() }));
    const keys = config.production ? undefined : await devKeys(database, config.dataDir, loaded.keyPrefixes);
    steps.unshift(await facet.outside(say));
    door.answer = facet.app;
    await welcome({ config, loaded, database, facet, keys, baseUrl, say });
    void warmUp();
    return { url: baseUrl, close: () => closed(server, steps) };
  } catch (error) {
    await closed(server, steps);
    throw error;
  }
}

/** Until everything is in place, a request is told to come back. */
const starting: RequestListener = (_req, res) => {
  res
    .writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '1' })
    .end('{"error":"unavailable","message":"the server is starting"}');
};

type Serve = (answer: (request: AdminRequest) => Promise<string[]>) => void;

/** The database the configuration names. The embedded one is locked first; its lock also answers the CLI. */
async function opened(config: Config): Promise<{ database: Database; release: () => Promise<void>; serve: Serve }> {
  if (config.databaseUrl !== undefined) {
    const database = await openDatabase({ url: config.databaseUrl, preparedStatements: config.preparedStatements });
    return { database, release: async () => {}, serve: () => {} };
  }
  const door: { answer: Parameters<Serve>[0] } = { answer: notYet };
  const lock = await lockDirectory(config.dataDir, (request) => door.answer(request as AdminRequest));
  const database = await openDatabase({ embedded: lock });
  const serve: Serve = (answer) => {
    door.answer = answer;
  };
  return { database, release: () => lock.release(), serve };
}

async function notYet(): Promise<string[]> {
  throw new Error('the server is starting: try again in a moment');
}

/** Bound before anything is promised, so that the port in the printed URLs is the real one. */
function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is in use: stop the other server, or choose another with PORT`) : error);
    });
    server.listen(port, () => resolve((server.address() as AddressInfo).port));
  });
}

interface Welcome {
  config: Config;
  loaded: Loaded;
  database: Database;
  facet: Facet;
  keys: DevKeys | undefined;
  baseUrl: string;
  say: (line: string) => void;
}

async function welcome({ config, loaded, database, facet, keys, baseUrl, say }: Welcome): Promise<void> {
  const engine =
    database.engine === 'embedded' ? `embedded database in ${config.dataDir} (for trying, developing and testing)` : 'PostgreSQL';
  say(`Facet is ready: ${baseUrl}  (${engine})`);
  say(`  FHIR R4   ${baseUrl}/fhir/R4    what it serves: ${baseUrl}/fhir/R4/metadata`);
  for (const { name } of loaded.mappings.surfaces) say(`  ${name.padEnd(8)}  ${baseUrl}/${name}  and the paths its documents print`);
  if (!keys) return;
  const demo = await readDemo(join(ROOT, 'mappings'));
  await seedDemo(facet.contextOf({ tenant: keys.demo!.tenant, actor: 'start', surface: 'fhir', scopes: ['*'] }), demo);
  say(`\nKeys of the tenants demo and other: ${join(config.dataDir, 'dev-keys.json')}. Try it:\n`);
  for (const line of demoCurls(demo, baseUrl, (surface) => credential(loaded, surface, keys.demo!.keys[surface]!))) say(line);
}

/** The header that carries a key of this surface, as its vendor documents it. */
function credential({ mappings }: Loaded, surface: string, key: string): string {
  const auth = mappings.surfaces.find(({ name }) => name === surface)?.auth;
  return auth?.scheme === 'api-key' ? `${auth.header}: ${key}` : `Authorization: Bearer ${key}`;
}

/** Stops taking requests, finishes those under way, then lets go of the rest in order. */
async function closed(server: Server, steps: (() => Promise<void>)[]): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    if (!server.listening) resolve();
  });
  for (const step of steps) await step();
}
