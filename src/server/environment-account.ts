// The account of the environment (JUNCTION_*, or the sandbox in development), which tenants may use it, and the lines at the start about accounts.
import type { Config } from '../config.ts';
import { resolveJunctionBaseUrl } from '../junction/account.ts';
import type { Sandbox } from '../junction-sandbox/server.ts';
import type { AccountDirectory, EnvironmentAccount } from '../orders/accounts/account-directory.ts';
import { ENVIRONMENT_ACCOUNT } from '../orders/accounts/account-identity.ts';
import type { Database } from '../store/database/database.ts';
import { listTenants } from '../store/tenants.ts';
import { readPanels, usesSandbox } from './panels.ts';

interface EnvironmentAccountSource {
  /** Undefined: the environment names no account, and there is no sandbox. */
  find(): EnvironmentAccount | undefined;
  /** From now on the account is that of the sandbox. */
  useSandbox(sandbox: Pick<Sandbox, 'apiKey' | 'url' | 'teamId' | 'state'>): void;
}

/** The sandbox serves every tenant, and accepts every account at a laboratory. */
export function createEnvironmentAccount(config: Config): EnvironmentAccountSource {
  const { apiKey, baseUrl, teamId, labAccounts, isShared, ...settings } = config.junction;
  const isSandbox = usesSandbox(config);
  let account: EnvironmentAccount | undefined;
  if (apiKey !== undefined || isSandbox)
    account = {
      ...ENVIRONMENT_ACCOUNT,
      junction: apiKey === undefined ? undefined : { apiKey, baseUrl: resolveJunctionBaseUrl(apiKey, baseUrl), teamId },
      isPaused: false,
      ...settings,
      panels: readPanels(config) ?? {},
      defaultLabAccount: labAccounts[0],
      allowedLabAccounts: isSandbox ? undefined : labAccounts,
      isShared: isShared || isSandbox,
    };
  return {
    find: () => account,
    useSandbox(sandbox) {
      const junction = { apiKey: sandbox.apiKey, baseUrl: sandbox.url, teamId: sandbox.teamId };
      account = account && { ...account, junction, webhookSecrets: [...account.webhookSecrets, sandbox.state.webhooks.secret] };
    },
  };
}

/** What an operator must know at the start about the accounts. */
export async function describeAccounts(accounts: AccountDirectory, database: Database): Promise<string[]> {
  const environment = accounts.find(ENVIRONMENT_ACCOUNT.id);
  const hasAny = accounts.list().length > 0;
  const unserved = (await listTenants(database)).filter(({ id, status }) => status === 'active' && !accounts.findOfTenant(id));
  return [
    ...(environment?.junction && !environment.webhookSecrets.length ? [NO_WEBHOOK_SECRET] : []),
    ...(hasAny ? [] : [NO_ACCOUNT]),
    ...(environment && !Object.keys(environment.panels).length ? [NO_PANELS] : []),
    ...(environment && unserved.length ? [describeUnserved(unserved.map(({ slug }) => slug))] : []),
  ];
}

const NO_WEBHOOK_SECRET = 'No JUNCTION_WEBHOOK_SECRET: webhooks are refused, and the status of orders is polled instead.';
const NO_ACCOUNT = 'No JUNCTION_API_KEY and no lab account: no order can be sent.';
const NO_PANELS = 'No JUNCTION_PANELS: a ServiceRequest becomes an order only if it names tests of the lab network itself.';

const MAX_NAMES = 3;

/** One line, however many tenants there are. */
const describeUnserved = (tenants: string[]): string =>
  `New orders of ${tenants.slice(0, MAX_NAMES).join(', ')}${tenants.length > MAX_NAMES ? ` and ${tenants.length - MAX_NAMES} other tenants` : ''} are not sent: there are several tenants, and JUNCTION_API_KEY serves only the only one. Create an account for each tenant (facet accounts create), or let all tenants share this one (JUNCTION_SHARED=true).`;
