// What a server prints when it is ready: its URLs and, in development, commands to try.
import { join } from 'node:path';
import { toIssuerName } from '../access-tokens/sign-in-settings.ts';
import type { Config } from '../config.ts';
import { toCallbackPath } from '../http/console/sign-in.ts';
import { ROOT } from '../root.ts';
import type { Database } from '../store/database/database.ts';
import { isConsoleBuilt } from './console.ts';
import { buildDemoCurls, readDemo } from './development/demo.ts';
import type { DevKeys } from './development/dev-keys.ts';
import type { Definitions } from './load-definitions.ts';
import { describeConnections } from './open-migrated-databases.ts';
import { usesSandbox } from './panels.ts';

interface StartMessage {
  config: Config;
  loaded: Definitions;
  database: Database;
  keys: DevKeys | undefined;
  baseUrl: string;
  port: number;
  print: (line: string) => void;
}

export async function printStartMessage({ config, loaded, database, keys, baseUrl, port, print }: StartMessage): Promise<void> {
  const demo = readDemo(join(ROOT, 'mappings'));
  const engine =
    database.engine === 'embedded' ? `embedded database in ${config.dataDir}, for trying, developing and testing` : 'PostgreSQL';
  print(`Facet is ready: ${baseUrl}  (port ${port}, ${engine})`);
  if (config.console) print(`  Console   ${isConsoleBuilt() ? `${baseUrl}/console` : 'not built: npm install, or npm run build:console'}`);
  for (const line of config.console ? listRedirectUris(config, baseUrl) : []) print(line);
  print(`  FHIR R4   ${baseUrl}/fhir/R4    what it serves: ${baseUrl}/fhir/R4/metadata`);
  for (const { name } of loaded.mappings.surfaces) print(`  ${name.padEnd(8)}  ${baseUrl}/${name}  and the paths its documents print`);
  print(`  to read and try all of them: ${baseUrl}/docs    for tools: ${baseUrl}/openapi`);
  for (const line of await describeConnections(database, config.workers)) print(line);
  if (!keys) return;
  print(`\nKeys of the tenants demo and other: ${join(config.dataDir, 'dev-keys.json')}. Try it:\n`);
  const keyHeader = (surface: string) => buildKeyHeader(loaded, surface, keys.demo!.keys[surface]);
  for (const line of buildDemoCurls(demo, { baseUrl, sandbox: usesSandbox(config), keyHeader })) print(line);
}

/** What the operator registers at each issuer at which people sign in. */
const listRedirectUris = ({ issuers }: Config, baseUrl: string): string[] =>
  issuers.flatMap(({ issuer, signIn }) =>
    signIn ? [`  Sign-in   redirect URI for ${signIn.clientId} at ${issuer}: ${baseUrl}${toCallbackPath(toIssuerName(issuer))}`] : [],
  );

/** The header that carries a key of this surface, as its vendor documents it; undefined: there is no such key. */
function buildKeyHeader({ mappings }: Definitions, surface: string, key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  const auth = mappings.surfaces.find(({ name }) => name === surface)?.auth;
  return auth?.scheme === 'api-key' ? `${auth.header}: ${key}` : `Authorization: Bearer ${key}`;
}
