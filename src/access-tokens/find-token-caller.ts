// The caller of an access token. The tenant is that of the configured issuer and audience; the actor is a pseudonym of the issuer, client and subject.
// docs/decisions/0047-access-tokens.md
import { createHash, createHmac } from 'node:crypto';
import { invalidToken } from '../fhir/outcome.ts';
import { type Caller, TOKEN_ACTOR_PREFIX } from '../interactions/context.ts';
import type { TokenActor } from '../store/access-tokens.ts';
import { type TrustedIssuers, type VerifiedToken, verifyToken } from './verify-token.ts';

/** The dependencies on the database. */
interface TokenStore {
  /** An active tenant. */
  findTenant(slug: string): Promise<{ id: number; brand: string } | undefined>;
  recordActor(actor: TokenActor): Promise<void>;
  /** Returns false if the token was used before. */
  useOnce(token: { tenant: number; hash: Buffer; expires: string }): Promise<boolean>;
}

interface TokenCallerParts extends TrustedIssuers {
  store: TokenStore;
  /** The secret of the pseudonyms: without it, nobody can test whether an actor is a certain person. */
  actorKey: string;
}

const MAX_KNOWN_ACTORS = 10_000;

/** Throws 401 or 503 for a token that does not identify a caller. */
export function createTokenCallerFinder({ store, actorKey, ...trusted }: TokenCallerParts): (token: string) => Promise<Caller> {
  /** Actors that this process has recorded. */
  const known = new Set<string>();
  const record = async (actor: TokenActor): Promise<void> => {
    const key = JSON.stringify([actor.tenant, actor.actor, actor.fhirUser]);
    if (known.has(key)) return;
    await store.recordActor(actor);
    if (known.size >= MAX_KNOWN_ACTORS) known.clear();
    known.add(key);
  };
  return async (token) => {
    const verified = await verifyToken(token, trusted);
    const { settings, client, subject, fhirUser, launchPatient, scopes } = verified;
    const tenant = await store.findTenant(settings.tenant);
    if (tenant === undefined) throw invalidToken('the tenant of this issuer and audience does not exist, or is disabled');
    if (settings.singleUse) await claimUse(store, tenant.id, verified);
    const actor = toActor(verified, actorKey);
    const at = trusted.clock().toISOString();
    await record({ tenant: tenant.id, actor, issuer: settings.issuer, client, subject, fhirUser, at });
    return {
      tenant: tenant.id,
      actor,
      surface: 'fhir',
      scopes,
      brand: tenant.brand,
      token: { issuer: settings.issuer, ...(client !== undefined && { client }), ...(subject !== undefined && { subject }) },
      ...(launchPatient !== undefined && { launchPatient }),
      ...(fhirUser !== undefined && { fhirUser }),
    };
  };
}

async function claimUse(store: TokenStore, tenant: number, { settings, id, refusedFrom }: VerifiedToken): Promise<void> {
  if (id === undefined) throw invalidToken('the access token needs an id (jti), because tokens of this issuer are accepted once only');
  const hash = createHash('sha256')
    .update(JSON.stringify([settings.issuer, id]))
    .digest();
  if (!(await store.useOnce({ tenant, hash, expires: refusedFrom.toISOString() })))
    throw invalidToken('this access token was used already: request a new one for each request');
}

/** `token-` and 96 bits. */
const toActor = ({ settings, client, subject }: VerifiedToken, key: string): string =>
  `${TOKEN_ACTOR_PREFIX}${createHmac('sha256', key)
    .update(JSON.stringify([settings.issuer, client ?? null, subject ?? null]))
    .digest('hex')
    .slice(0, 24)}`;
