// Accounts that a test sets, without the database.
import type { Sandbox } from '../../../src/junction-sandbox/server.ts';
import type { AccountDirectory } from '../../../src/orders/accounts/account-directory.ts';
import { ENVIRONMENT_ACCOUNT } from '../../../src/orders/accounts/account-identity.ts';
import type { LabAccount } from '../../../src/orders/accounts/lab-account.ts';

/** The account of the environment at a sandbox. */
export const buildLabAccount = ({ apiKey, url, state, panels }: Sandbox, more: Partial<LabAccount> = {}): LabAccount => ({
  ...ENVIRONMENT_ACCOUNT,
  junction: { apiKey, baseUrl: url, teamId: state.teamId },
  webhookSecrets: [state.webhooks.secret],
  isPaused: false,
  concurrency: 4,
  physicianPath: undefined,
  panels,
  defaultLabAccount: undefined,
  allowedLabAccounts: undefined,
  defaultPhysicians: {},
  physicians: 'optional',
  noteLimit: 120,
  ...more,
});

/** An account without a tenant serves every tenant that has no other. A test may change the array. */
export const createFixedDirectory = (accounts: LabAccount[]): AccountDirectory => ({
  refresh: async () => {},
  list: () => accounts,
  find: (id) => accounts.find((account) => account.id === id),
  findByName: (name) => accounts.find((account) => account.id !== ENVIRONMENT_ACCOUNT.id && account.name === name),
  findTenantName: (tenant) => `tenant-${tenant}`,
  findOfTenant: (tenant) => accounts.find((account) => account.tenant === tenant) ?? accounts.find((account) => account.tenant === 0),
});
