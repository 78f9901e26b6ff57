// What the accounts at the lab network need while a process runs: for each account a client, a gate, circuit breakers and a cached roster of its own.
import { createJunctionClient } from '../junction/client.ts';
import { createJunctionReader } from '../junction/reader.ts';
import { rememberUsers } from '../junction/remembered-users.ts';
import { createCircuitBreaker } from '../messaging/circuit-breaker.ts';
import type { AccountDirectory } from '../orders/accounts/account-directory.ts';
import type { AccountIdentity } from '../orders/accounts/account-identity.ts';
import type { LabAccount } from '../orders/accounts/lab-account.ts';
import { ROSTER_CHECK_TOPIC } from '../orders/deliver/claim.ts';
import type { DeliveryAccount, DeliveryHandlers } from '../orders/deliver/delivery-worker.ts';
import { createGate } from '../orders/deliver/gate.ts';
import type { OrderSender } from '../orders/deliver/order-sender.ts';
import { sendCancellation } from '../orders/deliver/send-cancellation.ts';
import { sendOrder } from '../orders/deliver/send-order.ts';
import { CANCELLATION_TOPIC } from '../orders/place/cancellation.ts';
import { ORDER_TOPIC } from '../orders/place/order-entry.ts';
import type { OrderTracker } from '../orders/track/order-tracker.ts';
import { createPushDirectory, createRosterDirectory, guardDirectory, type PhysicianDirectory } from '../physicians/registration.ts';
import { type ActivateRegistration, createRosterChecker } from '../physicians/roster-check.ts';

/** The same for all accounts. */
interface RuntimeParts extends Omit<OrderTracker, 'account' | 'client' | 'gate' | 'reads' | 'breaker' | 'onAttempt'> {
  attempted?: ((topic: string, state: string, account: string) => void) | undefined;
  accounts: AccountDirectory;
  activateRegistration: ActivateRegistration;
}

interface AccountRuntime extends DeliveryAccount {
  tracker: OrderTracker;
  physicians: PhysicianDirectory;
}

export interface AccountRuntimes {
  /** Undefined: there is no such account. */
  find(id: number): Promise<AccountRuntime | undefined>;
  /** The accounts that may send now: not paused, with readable secrets. */
  listSending(): Promise<DeliveryAccount[]>;
  /** The accounts whose orders can be read. */
  listTrackers(): Promise<OrderTracker[]>;
  /** For each account, whether its circuit breaker stops sending orders because the lab network does not respond. */
  listCircuits(): { account: string; isOpen: boolean }[];
}

export function createAccountRuntimes(parts: RuntimeParts): AccountRuntimes {
  const { accounts, clock } = parts;
  const runtimes = new Map<number, AccountRuntime>();
  const runtimeOf = (account: LabAccount): AccountRuntime => {
    const runtime = runtimes.get(account.id) ?? createRuntime(parts, account);
    runtimes.set(account.id, runtime);
    return runtime;
  };
  const listUsable = async (): Promise<LabAccount[]> => {
    await accounts.refresh();
    return accounts.list().filter(({ junction }) => junction);
  };
  return {
    async find(id) {
      await accounts.refresh();
      const account = accounts.find(id);
      return account && runtimeOf(account);
    },
    listSending: async () => (await listUsable()).filter(({ isPaused }) => !isPaused).map(runtimeOf),
    listTrackers: async () => (await listUsable()).map((account) => runtimeOf(account).tracker),
    listCircuits: () =>
      accounts.list().map((account) => {
        const breaker = runtimes.get(account.id)?.sender.gate.breaker;
        return { account: account.name, isOpen: breaker !== undefined && Number.isFinite(breaker.allows(clock())) };
      }),
  };
}

/** The settings of the account are read for every request, because an operator may change them. */
function createRuntime({ accounts, activateRegistration, ...parts }: RuntimeParts, { id, name, tenant }: AccountIdentity): AccountRuntime {
  const current = (): LabAccount | undefined => accounts.find(id);
  const connection = () => current()?.junction;
  const limit = (): number => {
    const account = current();
    return !account?.junction || account.isPaused ? 0 : account.concurrency;
  };
  const client = rememberUsers(createJunctionClient(connection), connection);
  const sender: OrderSender = {
    ...parts,
    account: { id, name, tenant },
    log: (facts, text) => parts.log({ account: name, ...(tenant && { tenant }), ...facts }, text),
    onAttempt: (topic, state) => parts.attempted?.(topic, state, name),
    client,
    gate: createGate(createCircuitBreaker(), parts.clock, limit),
  };
  const handlers: DeliveryHandlers = {
    [ORDER_TOPIC]: sendOrder,
    [CANCELLATION_TOPIC]: sendCancellation,
    [ROSTER_CHECK_TOPIC]: createRosterChecker(client, activateRegistration),
  };
  return {
    sender,
    handlers,
    tracker: { ...parts, ...sender, reads: createJunctionReader(connection), breaker: createCircuitBreaker() },
    physicians: guardDirectory(sender, (physician, signal) => {
      const path = current()?.physicianPath;
      const directory = path === undefined ? createRosterDirectory(client) : createPushDirectory(client, path);
      return directory(physician, signal);
    }),
  };
}
