// The lab networks of a run: the tenant `demo` uses the account of the environment, the tenant `other` has an account of its own at another network. Both networks have
// one clock.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxState } from '../../src/junction-sandbox/sandbox-state.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';
import { DEFAULT_CONCURRENCY } from '../../src/orders/accounts/lab-account.ts';
import { createSecretBox, KEY_BYTES } from '../../src/orders/accounts/secrets.ts';
import type { Database } from '../../src/store/database/database.ts';
import { openDatabase } from '../../src/store/database/open-database.ts';
import { createLabAccount } from '../../src/store/lab-accounts.ts';
import { listTenants } from '../../src/store/tenants.ts';
import type { Servers } from '../histories/servers.ts';

type Tenant = 'demo' | 'other';

export interface Networks {
  /** By tenant. */
  states: Record<Tenant, SandboxState>;
  list(): SandboxState[];
  /** The settings of the servers. */
  settings: Record<string, string>;
  now(): Date;
  advance(seconds: number): void;
  /** Of both. */
  countRequests(): number;
  /** The webhook paths of the tenant's account. */
  webhookPath(tenant: Tenant): string;
  /** Creates the account of the tenant `other`, and waits until the servers know it. */
  createAccount(servers: Servers): Promise<void>;
  close(): Promise<void>;
}

export async function startNetworks(): Promise<Networks> {
  const sandboxes: Record<Tenant, Sandbox> = { demo: await startSandbox(), other: await startSandbox() };
  const { demo, other } = sandboxes;
  const states = { demo: demo.state, other: other.state };
  const list = (): SandboxState[] => [states.demo, states.other];
  const key = randomBytes(KEY_BYTES);
  return {
    states,
    list,
    settings: {
      JUNCTION_API_KEY: demo.apiKey,
      JUNCTION_BASE_URL: demo.url,
      JUNCTION_TEAM_ID: demo.teamId,
      JUNCTION_WEBHOOK_SECRET: demo.state.webhooks.secret,
      JUNCTION_SHARED: 'true',
      JUNCTION_PHYSICIANS: 'required',
      FACET_TEST_CLOCK: `${demo.url}/sandbox/clock`,
      FACET_SECRETS_KEY: key.toString('base64'),
    },
    now: () => states.demo.now(),
    advance: (seconds) => {
      for (const state of list()) state.advance(seconds);
    },
    countRequests: () => list().reduce((sum, { requests }) => sum + requests.length, 0),
    webhookPath: (tenant) => `/webhooks/junction${tenant === 'other' ? '/other' : ''}`,
    async createAccount({ url }) {
      const database = await openDatabase({ url });
      try {
        const settings = { physicians: 'required' as const, webhookSecrets: [other.state.webhooks.secret] };
        await createAccount(database, key, { name: 'other', network: other, ...settings });
      } finally {
        await database.close();
      }
      await delay(ACCOUNTS_READ_MS);
    },
    close: async () => void (await Promise.all([demo.close(), other.close()])),
  };
}

/** Servers read changes within two seconds. */
export const ACCOUNTS_READ_MS = 3000;

interface NewAccount {
  /** Of the tenant and of its account. */
  name: string;
  network: Pick<Sandbox, 'url' | 'apiKey' | 'teamId' | 'panels'>;
  physicians: 'optional' | 'required';
  webhookSecrets: string[];
}

export async function createAccount(
  database: Database,
  key: Buffer,
  { name, network, physicians, webhookSecrets }: NewAccount,
): Promise<void> {
  const tenant = (await listTenants(database)).find(({ slug }) => slug === name)!;
  const { url, apiKey, teamId, panels } = network;
  const settings = { baseUrl: url, teamId, panels, physicianPath: null, labAccounts: [], defaultPhysicians: {}, noteLimit: 120 };
  const limits = { physicians, concurrency: DEFAULT_CONCURRENCY, at: new Date().toISOString() };
  await createLabAccount(database, { ...settings, ...limits, tenant: tenant.id, name }, (id) =>
    createSecretBox([key]).encrypt(id, { apiKey, webhookSecrets }),
  );
}
