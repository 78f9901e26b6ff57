// The access tokens of a server: its issuers, the callers of their tokens, and the SMART configuration.
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { createTokenCallerFinder } from '../access-tokens/find-token-caller.ts';
import { createIssuer, type Issuer } from '../access-tokens/issuer.ts';
import type { IssuerSettings } from '../access-tokens/issuer-settings.ts';
import { DocumentUnavailable } from '../access-tokens/refreshed-document.ts';
import { toIssuerName } from '../access-tokens/sign-in-settings.ts';
import { buildSmartConfiguration } from '../access-tokens/smart-configuration.ts';
import type { CapabilityOptions } from '../fhir/capability-statement.ts';
import { unavailable } from '../fhir/outcome.ts';
import type { SignInIssuer } from '../http/console/sign-in.ts';
import type { FhirApi } from '../http/fhir/router.ts';
import { cacheLookups } from '../http/middleware/authenticate.ts';
import type { Caller } from '../interactions/context.ts';
import { findActiveTenant, recordTokenActor, useTokenOnce } from '../store/access-tokens.ts';
import type { Database } from '../store/database/database.ts';
import type { Settings } from '../store/settings.ts';

interface AccessTokenParts {
  database: Database;
  settings: Settings;
  clock: () => Date;
  log: Logger;
}

interface AccessTokens extends Pick<FhirApi, 'accessTokens'> {
  readSmart(): CapabilityOptions['smart'];
  /** The issuers at which people sign in to the console. */
  issuers: SignInIssuer[];
}

const NO_TOKENS: AccessTokens = { accessTokens: undefined, readSmart: () => undefined, issuers: [] };

/** Reads the documents of the issuers in the background: the server starts without them. */
export async function buildAccessTokens(
  entries: IssuerSettings[],
  { database, settings, clock, log }: AccessTokenParts,
): Promise<AccessTokens> {
  const [first] = entries;
  if (first === undefined) return NO_TOKENS;
  const now = (): number => clock().getTime();
  const issuers = new Map<string, Issuer>();
  const warn = (fields: Record<string, unknown>, text: string): void => log.warn(fields, text);
  for (const { issuer: name, jwksUri } of entries)
    if (!issuers.has(name)) issuers.set(name, createIssuer({ name, jwksUri, now, log: warn }));
  for (const { metadata } of issuers.values()) metadata.read().catch(() => {});
  const actorKey = await settings.getOrCreate('token-actor-key', () => randomBytes(32).toString('base64'));
  // key lookups have a queue of their own, so that a request without a valid token delays no tenant
  const [reading, writing] = [database.forRequest('keys', { safe: true }), database.forRequest('keys', { safe: false })];
  const store = {
    findTenant: cacheLookups((slug) => findActiveTenant(reading, slug)),
    recordActor: (actor: Parameters<typeof recordTokenActor>[1]) => recordTokenActor(writing, actor),
    useOnce: (token: Parameters<typeof useTokenOnce>[1]) => useTokenOnce(writing, token),
  };
  const { metadata } = issuers.get(first.issuer)!;
  const findCaller = createTokenCallerFinder({ settings: entries, issuers, clock, store, actorKey });
  return {
    issuers: await buildSignInIssuers(entries, issuers, { now, log: warn, findCaller, findTenant: store.findTenant }),
    accessTokens: {
      findCaller,
      readSmartConfiguration: async () => buildSmartConfiguration(await metadata.read().catch(refuse)),
    },
    readSmart: createSmartReader(() => metadata.readCached()),
  };
}

interface SignInDependencies {
  now: () => number;
  log(fields: Record<string, unknown>, text: string): void;
  findCaller(token: string): Promise<Caller>;
  findTenant(slug: string): Promise<{ id: number } | undefined>;
}

/** The client of OpenID Connect is loaded only if an issuer has it. */
async function buildSignInIssuers(
  entries: IssuerSettings[],
  issuers: ReadonlyMap<string, Issuer>,
  { findTenant, ...parts }: SignInDependencies,
): Promise<SignInIssuer[]> {
  const chosen = entries.flatMap(({ issuer, tenant, signIn }) => (signIn ? [{ issuer, tenant, settings: signIn }] : []));
  if (!chosen.length) return [];
  const { createSignInClient } = await import('../access-tokens/sign-in-client.ts');
  return chosen.map(({ issuer, tenant, settings }) => {
    const isOwnTenant = async (caller: Caller): Promise<boolean> => (await findTenant(tenant))?.id === caller.tenant;
    const client = createSignInClient({ ...parts, issuer: issuers.get(issuer)!, settings, isOwnTenant });
    return { ...client, name: toIssuerName(issuer), title: settings.title ?? toTitle(issuer, chosen) };
  });
}

/** The host; of several issuers at one host, the whole URL without its protocol. */
function toTitle(issuer: string, others: { issuer: string }[]): string {
  const { host, pathname } = new URL(issuer);
  const isOnly = others.filter((other) => new URL(other.issuer).host === host).length === 1;
  return isOnly ? host : host + pathname.replace(/\/+$/, '');
}

function refuse(error: unknown): never {
  if (error instanceof DocumentUnavailable) throw unavailable('the issuer of access tokens does not respond', error.retryAfter);
  throw error;
}

/** The endpoints of a discovery document; the same object for the same endpoints. */
function createSmartReader(readMetadata: () => object | undefined): AccessTokens['readSmart'] {
  let cached: NonNullable<CapabilityOptions['smart']> = {};
  return () => {
    const metadata: Record<string, unknown> = { ...readMetadata() };
    const { authorization_endpoint: authorize, token_endpoint: token } = metadata;
    const current = { ...(typeof authorize === 'string' && { authorize }), ...(typeof token === 'string' && { token }) };
    if (JSON.stringify(current) !== JSON.stringify(cached)) cached = current;
    return cached;
  };
}
