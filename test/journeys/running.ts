// A whole Facet in this process, on a fresh database, with two tenants: what the journeys walk through from outside.
import { type Logger, pino } from 'pino';
import { assemble } from '../../src/assemble.ts';
import { readConfig } from '../../src/config.ts';
import type { App } from '../../src/http/app.ts';
import { livePrefix } from '../../src/http/key-prefix.ts';
import { load } from '../../src/loaded.ts';
import type { Database } from '../../src/store/database.ts';
import { createKey } from '../../src/store/keys.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { underContract } from './contract.ts';

export const BASE_URL = 'http://facet.test';
const AT = '2026-01-01T00:00:00.000Z';
/** What a busy machine is given for an order that a caller waits for: nearly as long as the lease of one. */
const PATIENCE_MS = 18_000;

/** Surface → key, for one tenant. */
export type Keys = Record<string, string>;

export interface Running {
  /** Every answer is held to the OpenAPI documents of this server: `close` fails when one was not. */
  app: App;
  store: TestStore;
  /** The tenant most journeys use, and the one that must never see any of it. */
  demo: Keys;
  other: Keys;
  /** A key of the tenant `demo` as an operator makes them, with these scopes only; of a person, when one is named by the id in FHIR. */
  keyWith(surface: string, scopes: string[], patient?: string): Promise<string>;
  close(): Promise<void>;
}

/** What a journey may put in place of the real thing. */
export interface Instead {
  clock?: () => Date;
  /** What the server is given for its database. */
  over?: (database: Database) => Database;
  /** Where it writes its log; nowhere, when absent. */
  log?: Logger;
}

/** `env`: settings besides the defaults, as the environment names them. `baseUrl`: where it says it is. Close it in `afterAll`. */
export async function startFacet(
  env: Record<string, string> = {},
  baseUrl = BASE_URL,
  { clock, over = (database) => database, log = pino({ level: 'silent' }) }: Instead = {},
): Promise<Running> {
  const store = await openTestStore();
  const loaded = load(env.FACET_MAPPINGS);
  const config = readConfig({ FACET_LOG: 'silent', FACET_RATE_LIMITS: '{"clinik":null,"jump":null}', ...env });
  const database = over(store.database);
  const facet = await assemble({ config, loaded, database, log, baseUrl, attemptMs: PATIENCE_MS, ...(clock && { clock }) });
  const contracted = underContract(facet.app);
  const stop = await facet.outside(() => {});
  const demo = await tenant(store, 'demo', loaded.keyPrefixes);
  const other = await tenant(store, 'other', loaded.keyPrefixes);
  return {
    app: contracted.app,
    store,
    demo: demo.keys,
    other: other.keys,
    keyWith: async (surface, scopes, patient) => {
      const key = {
        tenant: demo.id,
        surface,
        scopes,
        prefix: livePrefix(loaded.keyPrefixes[surface]!),
        at: AT,
        ...(patient && { patient }),
      };
      return (await createKey(store.database, key)).text;
    },
    close: async () => {
      await stop();
      const breaches = await contracted.breaches();
      await store.close();
      expect(breaches).toEqual([]);
    },
  };
}

async function tenant({ database }: TestStore, slug: string, prefixes: Record<string, string>): Promise<{ id: number; keys: Keys }> {
  const made = await createTenant(database, { slug, name: slug, at: AT });
  const keys: Keys = {};
  for (const [surface, prefix] of Object.entries(prefixes)) {
    keys[surface] = (await createKey(database, { tenant: made!.id, surface, scopes: ['*'], prefix, at: AT })).text;
  }
  return { id: made!.id, keys };
}
