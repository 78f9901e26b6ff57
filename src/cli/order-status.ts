// `facet orders status`: for each account at the lab network, whether its orders flow or are held back, since when, how many wait, and why.
import { ENVIRONMENT_ACCOUNT } from '../orders/accounts/account-identity.ts';
import { CANCELLATION_TOPIC } from '../orders/place/cancellation.ts';
import { ORDER_TOPIC } from '../orders/place/order-entry.ts';
import type { Database } from '../store/database/database.ts';
import { findLabAccount, type LabAccountRow, listLabAccounts } from '../store/lab-accounts.ts';
import { type AccountBacklog, readAccountBacklogs } from '../store/queues/backlogs.ts';
import { AdminError, type AdminOperation } from './admin-command.ts';
import { formatDuration, tenantNames } from './outbox-output.ts';
import { textTable } from './text-table.ts';

export const showOrderStatus: AdminOperation = async (database, _options, { now }) => {
  const [accounts, tenants] = [await listLabAccounts(database), await tenantNames(database, undefined)];
  const backlogs = new Map(
    (await readAccountBacklogs(database, [ORDER_TOPIC, CANCELLATION_TOPIC])).map((backlog) => [backlog.account, backlog]),
  );
  const environment = backlogs.has(ENVIRONMENT_ACCOUNT.id) || accounts.length === 0 ? [{ ...ENVIRONMENT_ACCOUNT, tenant: undefined }] : [];
  const at = now();
  const rows = [...environment, ...accounts].map((account) => {
    const backlog = backlogs.get(account.id) ?? { ...NOTHING, account: account.id };
    const paused = 'status' in account && account.status === 'paused' ? account : undefined;
    const { state, since, reason } = describeFlow(backlog, paused);
    const { waiting, sending, parked, oldest } = backlog;
    return [
      account.name,
      account.tenant === undefined ? 'all without an account' : (tenants.get(account.tenant) ?? String(account.tenant)),
      state,
      since === null ? '' : formatAge(since, at),
      ...[waiting, sending, parked].map(String),
      oldest === null ? '' : formatAge(oldest, at),
      reason,
    ];
  });
  return textTable(['account', 'tenant', 'orders', 'since', 'waiting', 'sending', 'parked', 'oldest', 'reason'], rows);
};

const NOTHING: Omit<AccountBacklog, 'account'> = {
  waiting: 0,
  sending: 0,
  parked: 0,
  oldest: null,
  failing: 0,
  reason: null,
  failingSince: null,
  acceptedSince: false,
};

const formatAge = (time: string, at: Date): string => formatDuration(at.getTime() - Date.parse(time));

interface Flow {
  state: 'paused' | 'held back' | 'flowing';
  /** ISO 8601; null: not known, or orders flow. */
  since: string | null;
  reason: string;
}

/** Held back: messages wait after failures, and none was accepted since the first of these failures. */
function describeFlow({ waiting, failing, reason, failingSince, acceptedSince }: AccountBacklog, paused: LabAccountRow | undefined): Flow {
  if (paused) return { state: 'paused', since: paused.updatedAt, reason: paused.pausedReason ?? '' };
  const text = reason === null ? '' : `${reason} (${failing} of ${waiting} waiting)`;
  if (failing > 0 && !acceptedSince) return { state: 'held back', since: failingSince, reason: text };
  return { state: 'flowing', since: null, reason: text };
}

/** The id of the account with this name. */
export async function findAccountId(database: Database, name: string): Promise<number> {
  if (name === ENVIRONMENT_ACCOUNT.name) return ENVIRONMENT_ACCOUNT.id;
  const account = await findLabAccount(database, name);
  if (!account)
    throw new AdminError(
      `there is no account ${name}: facet accounts list shows the names; ${ENVIRONMENT_ACCOUNT.name} is that of JUNCTION_API_KEY`,
    );
  return account.id;
}
