// Which insurance calls were made at the lab network. A user there has one insurance: of all orders that need it, one sends it, and it is not sent again while the
// request before may still run, nor more often than the caller allows. All times come from the caller.
import type { Database } from '../database/database.ts';

/** A user at the lab network. */
interface NetworkUser {
  tenant: number;
  account: number;
  userId: string;
}

/** `sentAt`: of the last request. `storedAt`: when it was known that the network has the insurance; null: not known. `requests`: that may have made a record there. */
export interface NetworkInsurance {
  sentAt: string;
  storedAt: string | null;
  requests: number;
}

export interface NetworkInsurances {
  /** Undefined: no request was sent. */
  find(user: NetworkUser): Promise<NetworkInsurance | undefined>;
  /**
   * Records and counts that a request is being sent, before it is. False: one was sent at or after `before`, `limit` requests were sent, or the network has the
   * insurance.
   */
  claim(user: NetworkUser, request: { at: string; before: string; limit: number }): Promise<boolean>;
  /** The request of a claim has made no record: it does not count. */
  discount(user: NetworkUser): Promise<void>;
  /** Begins to count the requests again. */
  resetRequests(user: NetworkUser): Promise<void>;
  markStored(user: NetworkUser, at: string): Promise<void>;
}

const FIND = `select sent_at as "sentAt", stored_at as "storedAt", requests from network_insurance where tenant_id = $1 and account_id = $2 and user_id = $3`;
const CLAIM = `insert into network_insurance as i (tenant_id, account_id, user_id, sent_at) values ($1, $2, $3, $4)
  on conflict (tenant_id, account_id, user_id) do update set sent_at = excluded.sent_at, requests = i.requests + 1
  where i.stored_at is null and i.sent_at < $5 and i.requests < $6 returning i.user_id`;
const DISCOUNT =
  'update network_insurance set requests = greatest(requests - 1, 0) where tenant_id = $1 and account_id = $2 and user_id = $3';
const RESET_REQUESTS = 'update network_insurance set requests = 0 where tenant_id = $1 and account_id = $2 and user_id = $3';
const MARK_STORED = `insert into network_insurance (tenant_id, account_id, user_id, sent_at, stored_at) values ($1, $2, $3, $4, $4)
  on conflict (tenant_id, account_id, user_id) do update set stored_at = excluded.stored_at`;

export function createNetworkInsurances(database: Database): NetworkInsurances {
  return {
    find: async ({ tenant, account, userId }) => (await database.query<NetworkInsurance>(FIND, [tenant, account, userId]))[0],
    claim: async ({ tenant, account, userId }, { at, before, limit }) =>
      (await database.query(CLAIM, [tenant, account, userId, at, before, limit])).length > 0,
    discount: async ({ tenant, account, userId }) => void (await database.query(DISCOUNT, [tenant, account, userId])),
    resetRequests: async ({ tenant, account, userId }) => void (await database.query(RESET_REQUESTS, [tenant, account, userId])),
    markStored: async ({ tenant, account, userId }, at) => void (await database.query(MARK_STORED, [tenant, account, userId, at])),
  };
}
