// The callers behind the credentials of a session: whose they are, which of them still count, and what becomes of them when one is added.
import { randomUUID } from 'node:crypto';
import { isObject } from '../../fhir/json-values.ts';
import { invalid, loginRequired } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import type { Session } from '../../sessions/session-seal.ts';
import { INSTALLATION } from '../../store/api-keys.ts';
import type { FindCaller, FindTokenCaller } from '../middleware/authenticate.ts';
import type { SessionParts } from '../middleware/session.ts';

export interface CallerParts extends SessionParts {
  findCaller: FindCaller;
  findTokenCaller: FindTokenCaller | undefined;
}

export async function identify({ findCaller, findTokenCaller }: CallerParts, credential: string | undefined): Promise<Caller> {
  if (credential === undefined || !/^\S{1,3500}$/.test(credential)) throw invalid('key must be an API key', 'key');
  if (findTokenCaller && credential.includes('.')) return findTokenCaller(credential);
  const caller = await findCaller(credential);
  if (!caller) throw loginRequired('this API key is not known, or no longer valid');
  return caller;
}

export interface ValidCredential {
  surface: string;
  credential: string;
  caller: Caller;
}

/** The callers of a session, without those whose credential was revoked or has expired. */
export async function findCallers(parts: CallerParts, session: Session | undefined): Promise<ValidCredential[]> {
  const found = await Promise.all(
    Object.entries(session?.credentials ?? {}).map(async ([surface, credential]) => {
      const caller = await identify(parts, credential).catch(ignoreInvalid);
      return caller ? [{ surface, credential, caller }] : [];
    }),
  );
  return found.flat();
}

/** Only a credential that is refused ends. A database that does not answer is an error. */
function ignoreInvalid(error: unknown): undefined {
  if (!isObject(error) || error.kind !== 'login') throw error;
}

interface JoinedSession {
  session: Session;
  /** Whether credentials of another tenant were left out. */
  replaces: boolean;
}

/**
 * The session with one more credential. It keeps the others of the same tenant, and an operator's: a page never mixes the data of two tenants. It stays the same session
 * if nobody's credential is left out of it.
 */
export async function joinCredential(
  parts: CallerParts,
  before: Session | undefined,
  { caller, credential }: Omit<ValidCredential, 'surface'>,
): Promise<JoinedSession> {
  const valid = await findCallers(parts, before);
  const kept = valid.filter((one) => [one.caller.tenant, caller.tenant].includes(INSTALLATION) || one.caller.tenant === caller.tenant);
  const others = kept.filter(({ surface }) => surface !== caller.surface);
  const isSame = valid.every((one) => others.includes(one) || (kept.includes(one) && one.caller.actor === caller.actor));
  return {
    session: {
      id: before && valid.length > 0 && isSame ? before.id : randomUUID(),
      began: before && others.length > 0 ? before.began : parts.seal.now(),
      credentials: { ...Object.fromEntries(others.map((one) => [one.surface, one.credential])), [caller.surface]: credential },
    },
    replaces: kept.length < valid.length,
  };
}
