// The accounts at the lab network, cached in this process. One cheap statement finds out which of them have changed. docs/decisions/0043-lab-accounts.md
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database } from '../../store/database/database.ts';
import { type LabAccountRow, listLabAccounts, summarizeLabAccounts } from '../../store/lab-accounts.ts';
import { listTenants } from '../../store/tenants.ts';
import { ENVIRONMENT_ACCOUNT } from './account-identity.ts';
import type { LabAccount } from './lab-account.ts';
import type { SecretBox } from './secrets.ts';

/** The account of the environment. `isShared`: every tenant without an account of its own may use it. Otherwise only the installation's only tenant may. */
export interface EnvironmentAccount extends LabAccount {
  isShared: boolean;
}

interface DirectoryParts {
  database: Database;
  /** Undefined: the environment names no account. Called each time, because the address of a sandbox is known only after its start. */
  environment(): EnvironmentAccount | undefined;
  secrets: SecretBox;
  log(facts: Record<string, unknown>, text: string): void;
}

export interface AccountDirectory {
  /**
   * Reads the changed accounts if the last reading is older than a second. Never called inside a transaction: it would wait for another connection, and the
   * embedded engine has only one.
   */
  refresh(): Promise<void>;
  /** As last read. */
  list(): LabAccount[];
  find(id: number): LabAccount | undefined;
  findByName(name: string): LabAccount | undefined;
  /** Undefined: the tenant was created since the last reading. */
  findTenantName(tenant: number): string | undefined;
  /** The account for new orders of a tenant. */
  findOfTenant(tenant: number): LabAccount | undefined;
}

const MAX_AGE_MS = 1000;

export function createAccountDirectory(parts: DirectoryParts): AccountDirectory {
  const { database, environment } = parts;
  let [readAt, onlyTenant, own] = [Number.NEGATIVE_INFINITY, undefined as number | undefined, new Map<number, VersionedAccount>()];
  let names = new Map<number, string>();
  let reading: Promise<void> | undefined;
  // several requests may wait for one reading, so it is not part of the asynchronous context of the request that began it
  const outsideOfRequests = AsyncLocalStorage.snapshot();
  const read = async (): Promise<void> => {
    const startedAt = performance.now();
    const summary = await summarizeLabAccounts(database);
    const changed = summary.versions.flatMap(([id, version]) => (own.get(id)?.version === version ? [] : id));
    const rows = changed.length ? await listLabAccounts(database, changed) : [];
    const present = new Set(summary.versions.map(([id]) => id));
    const kept = [...own].filter(([id]) => present.has(id));
    own = new Map([...kept, ...rows.map((row): [number, VersionedAccount] => [row.id, toLabAccount(row, parts)])]);
    // tenants are neither deleted nor renamed
    if (summary.tenantCount !== names.size) names = new Map((await listTenants(database)).map(({ id, slug }) => [id, slug]));
    [readAt, onlyTenant] = [startedAt, summary.onlyTenant];
  };
  const list = (): LabAccount[] => [environment() ?? [], ...own.values()].flat();
  return {
    async refresh() {
      if (performance.now() - readAt < MAX_AGE_MS) return;
      reading ??= outsideOfRequests(read).finally(() => {
        reading = undefined;
      });
      await reading;
    },
    list,
    find: (id) => (id === ENVIRONMENT_ACCOUNT.id ? environment() : own.get(id)),
    findByName: (name) => [...own.values()].find((account) => account.name === name),
    findTenantName: (tenant) => names.get(tenant),
    findOfTenant(tenant) {
      const [account] = [...own.values()].filter((account) => account.tenant === tenant);
      if (account) return account;
      const shared = environment();
      if (!shared) return undefined;
      if (tenant === onlyTenant) return { ...shared, allowedLabAccounts: undefined };
      return shared.isShared ? shared : undefined;
    },
  };
}

interface VersionedAccount extends LabAccount {
  version: number;
}

/** Without readable secrets the account cannot be used; the other accounts continue. */
function toLabAccount(row: LabAccountRow, { secrets, log }: DirectoryParts): VersionedAccount {
  const {
    id,
    name,
    tenant,
    status,
    baseUrl,
    teamId,
    physicianPath,
    panels,
    labAccounts,
    defaultPhysicians,
    physicians,
    concurrency,
    noteLimit,
    version,
  } = row;
  const own = secrets.decrypt(id, row.secrets);
  if ('problem' in own) log({ account: name, error: own.problem }, 'a lab account cannot be used');
  return {
    id,
    name,
    tenant,
    version,
    junction: 'problem' in own ? undefined : { apiKey: own.apiKey, baseUrl, teamId },
    webhookSecrets: 'problem' in own ? [] : own.webhookSecrets,
    isPaused: status === 'paused',
    concurrency,
    physicianPath: physicianPath ?? undefined,
    panels,
    defaultLabAccount: labAccounts[0],
    allowedLabAccounts: labAccounts,
    defaultPhysicians,
    physicians,
    noteLimit,
  };
}
