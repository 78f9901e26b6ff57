// The console of this installation: its built pages, its sessions and its API.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { AppDependencies } from '../http/app.ts';
import type { ConsoleApi } from '../http/console/router.ts';
import { readConsoleBuild } from '../http/console/serve.ts';
import type { SessionApi } from '../http/console/session.ts';
import type { SignInIssuer } from '../http/console/sign-in.ts';
import type { Mappings } from '../mapping/shape.ts';
import { RELEASE } from '../release.ts';
import { ROOT } from '../root.ts';
import { createSessionSeal } from '../sessions/session-seal.ts';
import { createSignInSeal } from '../sessions/sign-in-seal.ts';
import type { Database } from '../store/database/database.ts';
import type { Settings } from '../store/settings.ts';
import { findTenant } from '../store/tenants.ts';
import type { DevKeyFile } from './development/dev-keys.ts';
import { usesSandbox } from './panels.ts';

interface ConsoleParts {
  config: Config;
  database: Database;
  settings: Settings;
  clock: () => Date;
  api: Omit<ConsoleApi, 'mappings'>;
  /** The issuers at which people sign in. */
  issuers: SignInIssuer[];
  /** Absent: nobody signs in without a key. */
  readDevelopmentKeys?: (() => Promise<DevKeyFile>) | undefined;
}

/** The folder that `npm run build:console` writes. */
const BUILD = join(ROOT, 'console-build');

export const isConsoleBuilt = (): boolean => existsSync(join(BUILD, 'index.html'));

/** Returns the console with these mappings. */
export async function buildConsole(parts: ConsoleParts): Promise<(mappings: Mappings) => AppDependencies['console']> {
  const { config, database, settings, clock, api, readDevelopmentKeys } = parts;
  if (!config.console) return () => undefined;
  const build = readConsoleBuild(BUILD);
  const secret = await settings.getOrCreate('console-session-key', () => randomBytes(32).toString('base64'));
  const reading = database.forRequest('keys', { safe: true });
  const session: Omit<SessionApi, 'surfaces'> = {
    seal: createSessionSeal(secret, clock),
    signIn: { issuers: parts.issuers, seal: createSignInSeal(secret, clock) },
    findBaseUrl: api.findBaseUrl,
    findCaller: api.findCaller,
    findTokenCaller: api.accessTokens?.findCaller,
    findTenant: (id) => findTenant(reading, { id }),
    readDevelopmentKeys,
    server: {
      version: RELEASE.version,
      engine: database.engine === 'embedded' ? 'embedded PostgreSQL (PGlite)' : 'PostgreSQL',
      production: config.production,
      sandbox: usesSandbox(config),
    },
  };
  return (mappings) => ({ api: { ...api, mappings }, session: { ...session, surfaces: listSurfaces(mappings) }, build });
}

const listSurfaces = ({ surfaces }: Mappings): SessionApi['surfaces'] => [
  { name: 'fhir', title: 'FHIR R4' },
  ...surfaces.map(({ name, title }) => ({ name, title })),
  { name: 'admin', title: 'Administration' },
  { name: 'operator', title: 'Operation' },
];
