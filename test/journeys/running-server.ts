// Starts a whole Facet in this process, on a fresh database with two tenants.
import { type Logger, pino } from 'pino';
import request, { type Test } from 'supertest';
import { findPrefix } from '../../src/administration/key-surfaces.ts';
import { readConfig } from '../../src/config.ts';
import type { App } from '../../src/http/app.ts';
import { openIndexState } from '../../src/interactions/index-state.ts';
import { assemble } from '../../src/server/assemble.ts';
import { createApiKey } from '../../src/store/api-keys.ts';
import type { Database } from '../../src/store/database/database.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';
import { underContract } from './contract.ts';
import { loadProjectDefinitions } from './project-definitions.ts';

export const BASE_URL = 'http://facet.test';
const AT = '2026-01-01T00:00:00.000Z';
/** What a busy machine is given for an order that a caller waits for: nearly as long as the lease of one. */
const PATIENCE_MS = 18_000;

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';

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
  /** A request to the FHIR API, whose body is FHIR's JSON. `path`: behind `/fhir/R4` (`/Patient/1`). `key`: that of `demo`, unless another is given. */
  fhir(method: Method, path: string, key?: string): Test;
  /** PUT of a resource at its id. */
  put(resource: { resourceType: string; id: string; [element: string]: unknown }, key?: string): Test;
  close(): Promise<void>;
}

/** The resource a path names (`Patient/ann`), with nothing in it. */
export function named(path: string): { resourceType: string; id: string } {
  const [resourceType, id] = path.split('/') as [string, string];
  return { resourceType, id };
}

/** Where the next page of a Bundle is, as `fhir` takes it. */
export const nextOf = ({ link }: { link: { relation: string; url: string }[] }): string | undefined =>
  link.find(({ relation }) => relation === 'next')?.url.slice(`${BASE_URL}/fhir/R4`.length);

/** What a journey may put in place of the real thing. */
export interface Instead {
  clock?: () => Date;
  /** What the server is given for its database. */
  over?: (database: Database) => Database;
  /** Where it writes its log; nowhere, when absent. */
  log?: Logger;
  /** The largest body the FHIR API takes, in bytes. */
  bodyLimit?: number;
  /** The keys of both tenants are development keys: the console signs in with them by one click. */
  withDevelopmentKeys?: true;
  /** Responses are not compared with the OpenAPI documents. */
  withoutContract?: true;
}

/** `env`: settings besides the defaults, as the environment names them. `baseUrl`: where it says it is. Close it in `afterAll`. */
export async function startFacet(
  env: Record<string, string> = {},
  baseUrl = BASE_URL,
  { clock, over = (database) => database, log = pino({ level: 'silent' }), bodyLimit, withoutContract, withDevelopmentKeys }: Instead = {},
): Promise<Running> {
  const read = readConfig({ FACET_BASE_URL: baseUrl, FACET_LOG_LEVEL: 'silent', FACET_RATE_LIMITS: '{"clinik":null,"jump":null}', ...env });
  const store = await openTestStore(read.rls ? { tenantWall: true } : {});
  const loaded = loadProjectDefinitions(read);
  const config = bodyLimit === undefined ? read : { ...read, bodyLimits: { ...read.bodyLimits, fhir: bodyLimit } };
  const database = over(store.database);
  const index = await openIndexState(store.store.reindexing, loaded.registry, new Date());
  const readDevelopmentKeys = async () => ({ demo: demo.keys, other: other.keys });
  const facet = await assemble({
    ...{ config, loaded, database, index, log, baseUrl, attemptMs: PATIENCE_MS },
    ...(clock && { clock }),
    ...(withDevelopmentKeys && { readDevelopmentKeys }),
  });
  const contracted = withoutContract ? { app: facet.app, breaches: async () => [] } : underContract(facet.app);
  const stop = await facet.startIntegrations(() => {});
  const demo = await tenant(store, 'demo', loaded.keyPrefixes);
  const other = await tenant(store, 'other', loaded.keyPrefixes);
  const fhir: Running['fhir'] = (method, path, key = demo.keys.fhir!) =>
    request(contracted.app)
      [method](`/fhir/R4${path}`)
      .set({ Authorization: `Bearer ${key}`, 'Content-Type': 'application/fhir+json' });
  return {
    app: contracted.app,
    fhir,
    put: (resource, key) => fhir('put', `/${resource.resourceType}/${resource.id}`, key).send(resource),
    store,
    demo: demo.keys,
    other: other.keys,
    keyWith: async (surface, scopes, patient) => {
      const key = {
        tenant: demo.id,
        surface,
        scopes,
        prefix: findPrefix(loaded.keyPrefixes, surface),
        at: AT,
        ...(patient && { patient }),
      };
      return (await createApiKey(store.database, key)).text;
    },
    close: async () => {
      await stop();
      await facet.closeAudit();
      const breaches = await contracted.breaches();
      await store.close();
      expect(breaches).toEqual([]);
    },
  };
}

async function tenant({ database }: TestStore, slug: string, prefixes: Record<string, string>): Promise<{ id: number; keys: Keys }> {
  const created = await createTenant(database, { slug, name: slug, at: AT });
  const keys: Keys = {};
  for (const [surface, prefix] of Object.entries(prefixes)) {
    keys[surface] = (await createApiKey(database, { tenant: created!.id, surface, scopes: ['*'], prefix, at: AT })).text;
  }
  return { id: created!.id, keys };
}
