// What the database knows of access tokens: the tenant that they open, the users and clients they name, and the tokens that may be used once only.
import type { Database } from './database/database.ts';

/** The user and client of a token. */
export interface TokenActor {
  tenant: number;
  /** The actor in the history. */
  actor: string;
  issuer: string;
  client: string | undefined;
  subject: string | undefined;
  fhirUser: string | undefined;
  at: string;
}

const TENANT = "select tenant_id as id, coalesce(brand, slug) as brand from tenant where slug = $1 and status = 'active'";
const RECORD = `insert into token_actor as known (tenant_id, actor, issuer, client, subject, fhir_user, first_seen_at)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (tenant_id, actor) do update set fhir_user = excluded.fhir_user where known.fhir_user is distinct from excluded.fhir_user`;
/** Waits for a concurrent transaction that inserts the same row. */
const USE =
  'insert into used_token (tenant_id, hash, expires_at) values ($1, $2, $3) on conflict (tenant_id, hash) do nothing returning 1 as used';
const PRUNE = `with gone as (
    delete from used_token where expires_at <= $1 and (tenant_id, hash) in
      (select tenant_id, hash from used_token where expires_at <= $1 order by expires_at limit $2)
    returning 1)
  select count(*)::int as count from gone`;

/** The tenant with this slug if it is active. */
export async function findActiveTenant(database: Database, slug: string): Promise<{ id: number; brand: string } | undefined> {
  return (await database.query<{ id: number; brand: string }>(TENANT, [slug], 'token-tenant'))[0];
}

/** Records whom an actor stands for. Does not change a known actor, except for `fhirUser`. */
export async function recordTokenActor(database: Database, known: TokenActor): Promise<void> {
  const { tenant, actor, issuer, client, subject, fhirUser, at } = known;
  await database.query(RECORD, [tenant, actor, issuer, client ?? null, subject ?? null, fhirUser ?? null, at], 'token-actor');
}

/** Returns false if the token was used before, in any process. `expires`: when the token is refused anyway. */
export async function useTokenOnce(
  database: Database,
  { tenant, hash, expires }: { tenant: number; hash: Buffer; expires: string },
): Promise<boolean> {
  return (await database.query(USE, [tenant, hash, expires], 'token-use')).length > 0;
}

/** Deletes at most `limit` used tokens that have expired at `at`, oldest first. Returns the number of deleted rows. */
export async function deleteExpiredTokens(database: Database, at: string, limit: number): Promise<number> {
  return (await database.query<{ count: number }>(PRUNE, [at, limit]))[0]!.count;
}
