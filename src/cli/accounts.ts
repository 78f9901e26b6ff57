// `facet accounts`: create, list, show, update and rotate the accounts at the lab network, and pause and resume their sending. It never prints a secret.
import { type AccountSecrets, SecretsError } from '../orders/accounts/secrets.ts';
import type { Database } from '../store/database/database.ts';
import {
  countWaitingOf,
  createLabAccount,
  findLabAccount,
  type LabAccountRow,
  listLabAccounts,
  updateLabAccount,
} from '../store/lab-accounts.ts';
import { buildDefaultSettings, parseApiKey, parseName, parseSettings, parseWebhookSecret } from './account-options.ts';
import { type AdminContext, AdminError, type AdminOperation, type Options } from './admin-command.ts';
import { findTenant } from './keys.ts';
import { tenantNames } from './outbox-output.ts';
import { textTable } from './text-table.ts';

const IN_FORCE = 'running servers use it within about two seconds';

async function createAccount(database: Database, options: Options, { now, secrets }: AdminContext): Promise<string[]> {
  const { tenant: slug, name = slug, team = '', apiKey: keyText = '', webhookSecret, baseUrl, ...others } = options;
  const tenant = await findTenant(database, slug);
  const apiKey = parseApiKey(keyText);
  const settings = parseSettings(others, buildDefaultSettings(team, apiKey, baseUrl), apiKey);
  const own = { apiKey, webhookSecrets: webhookSecret === undefined ? [] : [parseWebhookSecret(webhookSecret)] };
  const account = { ...settings, tenant: tenant.id, name: parseName(name!), at: now().toISOString() };
  const created = await createLabAccount(database, account, (id) => encrypt(secrets, id, own));
  if (!created) throw new AdminError(`tenant ${slug} has an account already, or the name ${name} is in use: see facet accounts list`);
  return [
    `account ${created.name} created for tenant ${slug}: ${IN_FORCE} for new orders`,
    `  webhooks: ${toWebhookPath(created)} (on the public URL of this server)`,
    ...(webhookSecret === undefined ? [`  ${NO_WEBHOOK_SECRET}`] : []),
  ];
}

const NO_WEBHOOK_SECRET =
  'no webhook secret yet: webhooks are refused, and orders are polled instead (facet accounts rotate --webhook-secret-file)';

/** The message of a missing key names the remedy. */
function encrypt(secrets: AdminContext['secrets'], id: number, own: AccountSecrets): string {
  try {
    return secrets.encrypt(id, own);
  } catch (error) {
    if (error instanceof SecretsError) throw new AdminError(error.message);
    throw error;
  }
}

const toWebhookPath = ({ name }: LabAccountRow): string => `/webhooks/junction/${name}`;

async function listAccounts(database: Database): Promise<string[]> {
  const [accounts, tenants] = [await listLabAccounts(database), await tenantNames(database, undefined)];
  if (accounts.length === 0) return ['no accounts yet: facet accounts create --tenant <name>'];
  const rows = accounts.map((account) => [
    account.name,
    tenants.get(account.tenant) ?? String(account.tenant),
    account.status,
    new URL(account.baseUrl).host,
    account.teamId,
    String(account.concurrency),
    account.pausedReason ?? '',
  ]);
  return textTable(['account', 'tenant', 'status', 'host', 'team', 'concurrency', 'reason'], rows);
}

async function showAccount(database: Database, { account: name }: Options, context: AdminContext): Promise<string[]> {
  const account = await findAccount(database, name);
  const tenants = await tenantNames(database, undefined);
  const waiting = await countWaitingOf(database, account.id);
  const facts: [string, string][] = [
    ['account', `${account.name} of tenant ${tenants.get(account.tenant) ?? account.tenant}`],
    ['status', account.status === 'paused' ? `paused: ${account.pausedReason}` : account.status],
    ['host', account.baseUrl],
    ['team', account.teamId],
    ['webhooks', toWebhookPath(account)],
    ...describeSecrets(account, context),
    ['panels', Object.keys(account.panels).join(', ') || 'none'],
    ['lab accounts', account.labAccounts.join(', ') || 'none: the network selects one, and orders may name none'],
    ['physicians', DEMANDS[account.physicians]],
    [
      'sign by state',
      Object.entries(account.defaultPhysicians)
        .map(([state, id]) => `${state} Practitioner/${id}`)
        .join(', ') || 'nobody by default',
    ],
    ['registration', account.physicianPath === null ? 'looked up in the roster of the team' : `sent to ${account.physicianPath}`],
    ['concurrency', String(account.concurrency)],
    ['note limit', String(account.noteLimit)],
    ['waiting', waiting.map(({ topic, state, count }) => `${count} ${topic} ${state}`).join(', ') || 'nothing'],
    ['created', account.createdAt],
    ['changed', account.updatedAt],
  ];
  return facts.map(([label, text]) => `${label.padEnd(16)}${text}`);
}

const DEMANDS: Record<LabAccountRow['physicians'], string> = {
  required: 'required: an order that no physician signs is refused',
  optional: 'optional: the network signs an order that no physician signs',
};

/** At most the last four characters of a secret. */
function describeSecrets(account: LabAccountRow, { secrets }: AdminContext): [string, string][] {
  const own = secrets.decrypt(account.id, account.secrets);
  if ('problem' in own) return [['secrets', `cannot be read: ${own.problem}`]];
  const ending = (secret: string): string => `…${secret.slice(-4)}`;
  return [
    ['API key', ending(own.apiKey)],
    ['webhook secret', own.webhookSecrets.map(ending).join(', ') || NO_WEBHOOK_SECRET],
    ...(secrets.isCurrent(account.secrets) ? [] : [['secrets key', 'a former one: facet accounts rotate'] satisfies [string, string]]),
  ];
}

async function updateAccount(database: Database, { account: name, ...options }: Options, context: AdminContext): Promise<string[]> {
  const account = await findAccount(database, name);
  const own = context.secrets.decrypt(account.id, account.secrets);
  if ('problem' in own && options.baseUrl !== undefined) throw new AdminError(own.problem);
  const settings = parseSettings(options, account, 'problem' in own ? '' : own.apiKey);
  return store(database, { ...account, ...settings }, context, `account ${account.name} updated: ${IN_FORCE}`);
}

async function rotateAccounts(database: Database, options: Options, context: AdminContext): Promise<string[]> {
  const { account: name, all } = options;
  if ((name === undefined) === (all === undefined)) throw new AdminError('name one account, or give --all');
  if (name !== undefined) return rotate(database, await findAccount(database, name), { options, context });
  if (options.apiKey !== undefined || options.webhookSecret !== undefined || options.dropOld !== undefined)
    throw new AdminError('--all encrypts the secrets of all accounts again; new secrets need the name of one account');
  const lines: string[] = [];
  for (const account of await listLabAccounts(database))
    lines.push(...(await rotate(database, account, { options, context }).catch(toLines)));
  return lines;
}

/** An account whose secrets cannot be read does not keep the others from being encrypted again. */
function toLines(error: unknown): string[] {
  if (error instanceof AdminError) return [error.message];
  throw error;
}

/** Encrypts the secrets with the first key, and replaces those that are given. The former webhook secrets stay valid until --drop-old. */
async function rotate(
  database: Database,
  account: LabAccountRow,
  { options, context }: { options: Options; context: AdminContext },
): Promise<string[]> {
  const { apiKey, webhookSecret, dropOld } = options;
  const found = context.secrets.decrypt(account.id, account.secrets);
  if ('problem' in found && apiKey === undefined) throw new AdminError(`account ${account.name}: ${found.problem}`);
  const present = 'problem' in found ? { apiKey: '', webhookSecrets: [] } : found;
  const added = webhookSecret === undefined ? [] : [parseWebhookSecret(webhookSecret)];
  const webhookSecrets = [...new Set([...added, ...present.webhookSecrets])];
  const own = {
    apiKey: apiKey === undefined ? present.apiKey : parseApiKey(apiKey),
    webhookSecrets: dropOld === undefined ? webhookSecrets : webhookSecrets.slice(0, 1),
  };
  // a key of another environment or region does not belong to the host
  parseSettings({ baseUrl: account.baseUrl }, account, own.apiKey);
  const rotated = { ...account, secrets: encrypt(context.secrets, account.id, own) };
  const replaced = [apiKey && 'the API key', webhookSecret && 'the webhook secret'].filter(Boolean).join(' and ');
  const valid = `${own.webhookSecrets.length} webhook secret${own.webhookSecrets.length === 1 ? ' is' : 's are'} valid`;
  const done = replaced ? `${replaced} replaced` : 'encrypted with the first key of FACET_SECRETS_KEY';
  return store(database, rotated, context, `account ${account.name}: ${done}; ${valid}: ${IN_FORCE}`);
}

const setStatus =
  (status: LabAccountRow['status']): AdminOperation =>
  async (database, { account: name, reason = '' }, context) => {
    const account = await findAccount(database, name);
    const isPaused = status === 'paused';
    if (isPaused && !reason.trim()) throw new AdminError('--reason is missing: it is shown to other operators');
    const text = isPaused
      ? `account ${account.name} paused: running servers stop sending within about two seconds; orders are accepted and wait, results are read`
      : `account ${account.name} resumed: running servers send its waiting orders within about two seconds`;
    return store(database, { ...account, status, pausedReason: isPaused ? reason : null }, context, text);
  };

async function store(database: Database, account: LabAccountRow, { now }: AdminContext, text: string): Promise<string[]> {
  if (!(await updateLabAccount(database, account, now().toISOString())))
    throw new AdminError(`account ${account.name} has just been changed by somebody else: see facet accounts show ${account.name}`);
  return [text];
}

async function findAccount(database: Database, name = ''): Promise<LabAccountRow> {
  const account = await findLabAccount(database, name);
  if (!account) throw new AdminError(`there is no account ${name}: facet accounts list shows the names`);
  return account;
}

export const ACCOUNT_OPERATIONS: Record<string, AdminOperation> = {
  'accounts create': createAccount,
  'accounts list': listAccounts,
  'accounts show': showAccount,
  'accounts update': updateAccount,
  'accounts rotate': rotateAccounts,
  'accounts pause': setStatus('paused'),
  'accounts resume': setStatus('active'),
};
