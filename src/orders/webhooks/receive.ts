// Receives webhooks: verifies the signature, stores the event, and then responds. inbox.ts processes the event later, because the sender waits only a few seconds
// for the response.
import { invalidSignature, unavailable } from '../../fhir/outcome.ts';
import type { Store } from '../../store/store.ts';
import type { AccountDirectory } from '../accounts/account-directory.ts';
import { ENVIRONMENT_ACCOUNT } from '../accounts/account-identity.ts';
import type { LabAccount } from '../accounts/lab-account.ts';
import type { WebhookMetrics } from '../track/order-tracker.ts';
import { DELIVERY_EXHAUSTED, parseWebhookEvent } from './event.ts';
import { INBOX_SOURCE } from './inbox.ts';
import { type SignatureHeaders, toClockSkewSeconds, verifySignature } from './signature.ts';

/** The paths of the environment's account. `/<name>` after them: the paths of the account with this name. */
const SHARED_PATHS = ['/v1/webhooks/junction', '/webhooks/junction'];
export const WEBHOOK_PATHS = [...SHARED_PATHS, ...SHARED_PATHS.map((path) => `${path}/:account`)];
/** In bytes. */
export const WEBHOOK_BODY_LIMIT = 1024 * 1024;

export interface WebhookEndpoint {
  store: Store;
  clock: () => Date;
  accounts: Pick<AccountDirectory, 'refresh' | 'find' | 'findByName'>;
  log(facts: Record<string, unknown>, text: string): void;
  webhook?: WebhookMetrics | undefined;
}

/** `account`: as in the path. `header`: by lower-case name. `body`: the bytes as received. */
export interface WebhookMessage {
  account?: string | undefined;
  header(name: string): string | undefined;
  body: Buffer;
}

/** Well below the tolerance of signatures, beyond which every message would be refused. */
const CLOCK_SKEW_ALARM_SECONDS = 60;

type Alarm = (facts: Record<string, unknown>, text: string) => void;

export function createWebhookReceiver(endpoint: WebhookEndpoint): (message: WebhookMessage) => Promise<void> {
  const limited = logAtMostOnceAMinute();
  return (message) => receive(endpoint, message, (facts, text) => limited(endpoint.log, endpoint.clock(), facts, text));
}

/** Resolves when the event is stored. Fails with 401 if the signature is invalid, with 503 if the event cannot be stored: the sender then repeats it. */
async function receive(endpoint: WebhookEndpoint, message: WebhookMessage, alarm: Alarm): Promise<void> {
  const { header, body } = message;
  const account = await findAccount(endpoint, message);
  const signed: SignatureHeaders = { id: header('svix-id'), timestamp: header('svix-timestamp'), signature: header('svix-signature') };
  const now = endpoint.clock();
  const secrets = account?.webhookSecrets ?? [];
  // the response to an unknown name, and to an account without a secret, is that to a wrong signature: it does not reveal which accounts exist
  const verdict = account && !secrets.length ? 'not configured' : verifySignature(signed, body, { secrets, now });
  if (verdict === 'good' || verdict === 'untimely') reportClockSkew(endpoint, toClockSkewSeconds(signed.timestamp!, now), alarm);
  if (!account || verdict !== 'good') {
    endpoint.webhook?.arrived(verdict, account?.name ?? 'unknown');
    // without a valid signature the id cannot be trusted
    alarm({ account: account?.name, verdict, ...(verdict === 'untimely' && { id: signed.id }) }, 'a webhook was refused');
    throw invalidSignature();
  }
  await storeEvent(endpoint, account, { id: signed.id!, body });
}

const NOT_CONFIGURED_RETRY_SECONDS = 300;
const NOT_CONFIGURED_TEXT = 'webhooks are not configured here: the operator sets JUNCTION_WEBHOOK_SECRET';

/** Undefined: no account has this name. Without an account of the environment and its secret, its path receives nothing. */
async function findAccount({ accounts }: WebhookEndpoint, { account: name }: WebhookMessage): Promise<LabAccount | undefined> {
  await accounts.refresh().catch(() => {
    throw unavailable('the event cannot be stored at the moment: send it again', 5);
  });
  if (name !== undefined) return accounts.findByName(name);
  const account = accounts.find(ENVIRONMENT_ACCOUNT.id);
  if (!account?.webhookSecrets.length) throw unavailable(NOT_CONFIGURED_TEXT, NOT_CONFIGURED_RETRY_SECONDS);
  return account;
}

function reportClockSkew({ webhook }: WebhookEndpoint, seconds: number, alarm: Alarm): void {
  webhook?.clockAhead(seconds);
  if (Math.abs(seconds) > CLOCK_SKEW_ALARM_SECONDS) alarm({ seconds }, 'our clock and the clock of the webhook sender differ');
}

/** The body is patient data: it is stored only until the event is processed. */
async function storeEvent(
  { store, clock, log, webhook }: WebhookEndpoint,
  { name, tenant, junction }: LabAccount,
  { id, body }: { id: string; body: Buffer },
): Promise<void> {
  const { type, orderId, teamId: eventTeam, state: parsedState } = parseWebhookEvent(body);
  const own = junction?.teamId;
  const state = eventTeam !== undefined && own !== undefined && eventTeam !== own ? 'foreign' : parsedState;
  const raw = state === 'new' || state === 'undecodable' ? body : Buffer.alloc(0);
  const at = clock().toISOString();
  const isNew = await store.inbox.add({ tenant, source: INBOX_SOURCE, id, type, subject: orderId, state, raw, at }).catch(() => {
    webhook?.arrived('not kept', name);
    throw unavailable('the event cannot be stored at the moment: send it again', 5);
  });
  const arrived = !isNew ? 'repeated' : type === DELIVERY_EXHAUSTED ? 'given up' : state;
  webhook?.arrived(arrived, name);
  const text = arrived === 'given up' ? 'the network has given up delivering a webhook' : 'webhook';
  log({ account: name, ...(tenant && { tenant }), id, type, order: orderId, state: arrived }, text);
}

const MINUTE_MS = 60_000;

/** Any client can cause these log lines: each text is logged at most once a minute, with the number of omitted lines. */
function logAtMostOnceAMinute(): (log: Alarm, now: Date, facts: Record<string, unknown>, text: string) => void {
  const lines = new Map<string, { at: number; notLogged: number }>();
  return (log, now, facts, text) => {
    const line = lines.get(text);
    const at = now.getTime();
    if (line && Math.abs(at - line.at) < MINUTE_MS) {
      line.notLogged += 1;
      return;
    }
    lines.set(text, { at, notLogged: 0 });
    log({ ...facts, ...(line?.notLogged && { notLogged: line.notLogged }) }, text);
  };
}
