// The lab network's ids of users, remembered while the process runs: most orders then cost one request less. An id may be out of date, because a user can be deleted.
// The demographics or the insurance of that user are then refused with 404, and the id is forgotten. An order is refused with 404 for other reasons, too:
// src/orders/deliver/send-order.ts asks for the user again with `isFresh`.
import type { Outcome } from '../messaging/outcome.ts';
import type { JunctionAccount } from './account.ts';
import type { JunctionClient } from './client.ts';

/** At most so many users of an account; the longest remembered is forgotten first. */
const MAX_USERS = 10_000;
/** After this time the network is asked again, in ms: an id that is out of date, or was never right, does not stay. */
const REMEMBERED_MS = 3_600_000;

interface RememberedUser {
  id: string;
  /** By `performance.now()`. */
  until: number;
}

export function rememberUsers(client: JunctionClient, account: () => JunctionAccount | undefined): JunctionClient {
  const users = new Map<string, RememberedUser>();
  let owner = '';
  /** Another team or environment has other users. */
  const forgetOthers = (): void => {
    const { baseUrl, apiKey } = account() ?? {};
    const current = JSON.stringify([baseUrl, apiKey]);
    if (current !== owner) users.clear();
    owner = current;
  };
  const forget = (userId: string): void => {
    for (const [clientUserId, { id }] of users) if (id === userId) users.delete(clientUserId);
  };
  const forgetIfMissing = <T>(userId: string, outcome: Outcome<T>): Outcome<T> => {
    if (outcome.kind === 'refused' && outcome.status === 404) forget(userId);
    return outcome;
  };
  return {
    ...client,
    updateUserInfo: async (userId, ...rest) => forgetIfMissing(userId, await client.updateUserInfo(userId, ...rest)),
    createInsurance: async (userId, ...rest) => forgetIfMissing(userId, await client.createInsurance(userId, ...rest)),
    async ensureUser(clientUserId, signal, isFresh = false) {
      forgetOthers();
      const remembered = isFresh ? undefined : users.get(clientUserId);
      if (remembered && performance.now() < remembered.until) return { kind: 'accepted', value: remembered.id };
      const asked = owner;
      const found = await client.ensureUser(clientUserId, signal, isFresh);
      if (found.kind !== 'accepted' || asked !== owner) return found;
      users.delete(clientUserId);
      users.set(clientUserId, { id: found.value, until: performance.now() + REMEMBERED_MS });
      if (users.size > MAX_USERS) users.delete(users.keys().next().value!);
      return found;
    },
  };
}
