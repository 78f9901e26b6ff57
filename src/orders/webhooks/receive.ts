// Receives webhooks: verifies the signature, stores the event, and then responds. inbox.ts processes the event later, because the sender waits only a few seconds
// for the response.
import { invalidSignature, unavailable } from '../../fhir/outcome.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookMetrics } from '../track/order-tracker.ts';
import { DELIVERY_EXHAUSTED, parseWebhookEvent } from './event.ts';
import { type SignatureHeaders, toClockSkewSeconds, verifySignature } from './signature.ts';

export const WEBHOOK_PATHS = ['/v1/webhooks/junction', '/webhooks/junction'];
/** In bytes. */
export const WEBHOOK_BODY_LIMIT = 1024 * 1024;
export const INBOX_SOURCE = 'junction';

export interface WebhookEndpoint {
  store: Store;
  clock: () => Date;
  /** Several while a secret is replaced, none if webhooks are not configured. */
  secrets: () => string[];
  /** Our team, if known: events of other teams are ignored. */
  teamId: () => string | undefined;
  log(facts: Record<string, unknown>, text: string): void;
  webhook?: WebhookMetrics | undefined;
}

/** `header`: by lower-case name. `body`: the bytes as received. */
export interface WebhookMessage {
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
async function receive(endpoint: WebhookEndpoint, { header, body }: WebhookMessage, alarm: Alarm): Promise<void> {
  const secrets = endpoint.secrets();
  if (!secrets.length) throw unavailable('webhooks are not configured here: set JUNCTION_WEBHOOK_SECRET', NOT_CONFIGURED_RETRY_SECONDS);
  const signed: SignatureHeaders = { id: header('svix-id'), timestamp: header('svix-timestamp'), signature: header('svix-signature') };
  const now = endpoint.clock();
  const verdict = verifySignature(signed, body, { secrets, now });
  if (verdict === 'good' || verdict === 'untimely') reportClockSkew(endpoint, toClockSkewSeconds(signed.timestamp!, now), alarm);
  if (verdict !== 'good') {
    endpoint.webhook?.arrived(verdict);
    // without a valid signature the id cannot be trusted
    alarm({ verdict, ...(verdict === 'untimely' && { id: signed.id }) }, 'a webhook was refused');
    throw invalidSignature();
  }
  await storeEvent(endpoint, signed.id!, body);
}

const NOT_CONFIGURED_RETRY_SECONDS = 300;

function reportClockSkew({ webhook }: WebhookEndpoint, seconds: number, alarm: Alarm): void {
  webhook?.clockAhead(seconds);
  if (Math.abs(seconds) > CLOCK_SKEW_ALARM_SECONDS) alarm({ seconds }, 'our clock and the clock of the webhook sender differ');
}

/** The body is patient data: it is stored only until the event is processed. */
async function storeEvent({ store, clock, teamId, log, webhook }: WebhookEndpoint, id: string, body: Buffer): Promise<void> {
  const { type, orderId, teamId: eventTeam, state: parsedState } = parseWebhookEvent(body);
  const own = teamId();
  const state = eventTeam !== undefined && own !== undefined && eventTeam !== own ? 'foreign' : parsedState;
  const raw = state === 'new' || state === 'undecodable' ? body : Buffer.alloc(0);
  const at = clock().toISOString();
  const isNew = await store.inbox.add({ source: INBOX_SOURCE, id, type, subject: orderId, state, raw, at }).catch(() => {
    webhook?.arrived('not kept');
    throw unavailable('the event cannot be stored at the moment: send it again', 5);
  });
  const arrived = !isNew ? 'repeated' : type === DELIVERY_EXHAUSTED ? 'given up' : state;
  webhook?.arrived(arrived);
  log({ id, type, order: orderId, state: arrived }, arrived === 'given up' ? 'the network has given up delivering a webhook' : 'webhook');
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
