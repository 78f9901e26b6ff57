// Puts the rooms together over one open database: what a running server and a test in process are both made of.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { v7 } from 'uuid';
import { type App, buildApp, FHIR_PATH } from './app.ts';
import type { Config } from './config.ts';
import { capabilityStatement } from './fhir/capability.ts';
import type { ServedType } from './fhir/types.ts';
import { remembering } from './http/known-keys.ts';
import { sealWith } from './http/page-link.ts';
import { rateLimiter } from './http/rate-limit.ts';
import type { Loaded } from './loaded.ts';
import { outsideOf } from './outside.ts';
import type { Caller, Context, Effect } from './resource/context.ts';
import { touching } from './resource/touch.ts';
import { ROOT } from './root.ts';
import type { Database } from './store/database.ts';
import { type FoundKey, findKey } from './store/keys.ts';
import { storeOf } from './store/sql-store.ts';

const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string; date?: string };

export interface Parts {
  config: Config;
  loaded: Loaded;
  database: Database;
  log: Logger;
  /** Where clients reach this server: no path, no trailing slash. */
  baseUrl: string;
  clock?: () => Date;
  newId?: () => string;
}

/** The assembled server, not yet listening. */
export interface Facet {
  app: App;
  contextOf(caller: Caller): Context;
  /** Starts what talks to the outside (the sandbox where there is no account, the sender); answers how to stop it. */
  outside(say: (line: string) => void): Promise<() => Promise<void>>;
}

export async function assemble({ config, loaded, database, log, baseUrl, clock = () => new Date(), newId = v7 }: Parts): Promise<Facet> {
  const { registry, mappings } = loaded;
  const store = storeOf(database);
  const fhirBase = baseUrl + FHIR_PATH;
  const effects = effectsOf(mappings.touches.map(({ on, left }) => [on, touching(left)]));
  const contextOf = (caller: Caller): Context => ({ store, caller, clock, newId, effects, registry, baseUrl: fhirBase });
  const outside = outsideOf(config, loaded.profiles, { store, clock, newId, contextOf, log: (facts, text) => log.info(facts, text) });
  effects.set('ServiceRequest', [...(effects.get('ServiceRequest') ?? []), outside.effect]);
  const find = remembering(async (text) => callerOf(await findKey(database, text, clock().toISOString())));
  const seal = sealWith(await store.settings.get('page-link-key', () => randomBytes(32).toString('base64')));
  const capability = capabilityStatement({
    baseUrl: fhirBase,
    version: PACKAGE.version,
    date: '2026-11-21',
    registry,
    bodyLimit: config.bodyLimits.fhir,
    profiles: {},
  });
  const app = buildApp({
    fhir: { find, contextOf, seal, capability: JSON.stringify(capability), bodyLimit: config.bodyLimits.fhir },
    v1: {
      mappings,
      prefixes: Object.fromEntries(mappings.surfaces.map(({ name }) => [name, `/${name}`])),
      find,
      contextOf,
      ports: outside.steps,
      seal,
      count: rateLimiter(),
      limitOf: (surface) => (surface.name in config.rateLimits ? config.rateLimits[surface.name]! : surface.rateLimit),
      bodyLimit: config.bodyLimits.v1,
    },
    ready: async () => void (await database.query('select 1')),
    logFailure: (facts) => log.error(facts, 'unexpected error'),
    trustProxy: config.trustProxy,
  });
  return { app, contextOf, outside: (say) => outside.start(say) };
}

/** The effects of each type, in the order given. */
function effectsOf(list: [ServedType, Effect][]): Map<ServedType, Effect[]> {
  const effects = new Map<ServedType, Effect[]>();
  for (const [type, effect] of list) effects.set(type, [...(effects.get(type) ?? []), effect]);
  return effects;
}

/** A key that is in force makes its caller; any other opens nothing. */
const callerOf = (key: FoundKey | undefined): Caller | undefined =>
  key?.state === 'active' ? { tenant: key.tenant, actor: key.id, surface: key.surface, scopes: key.scopes } : undefined;
