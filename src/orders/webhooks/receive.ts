// Where the network tells us that something happened: the signature is checked, the event is kept, and only then is it answered. What it means is found out
// afterwards (inbox.ts): whoever tells us waits a few seconds at most, and an event that is kept is never told again.
import { invalidSignature, unavailable } from '../../fhir/outcome.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookMetrics } from '../track/order-tracker.ts';
import { DELIVERY_EXHAUSTED, parseWebhookEvent } from './event.ts';
import { logAtMostOnceAMinute } from './log-at-most.ts';
import { type SignatureHeaders, toClockSkewSeconds, verifySignature } from './signature.ts';

/** Where messages arrive. */
export const WEBHOOK_PATHS = ['/v1/webhooks/junction', '/webhooks/junction'];
/** The largest body, in bytes. */
export const WEBHOOK_BODY_LIMIT = 1024 * 1024;
/** Whose events these are in the inbox. */
export const INBOX_SOURCE = 'junction';

export interface WebhookEndpoint {
  store: Store;
  clock: () => Date;
  /** All that are in force: two while one is being changed, none when nobody has configured any. */
  secrets: () => string[];
  /** Our team, where it is known: another team's events are none of ours. */
  teamId: () => string | undefined;
  log(facts: Record<string, unknown>, text: string): void;
  webhook?: WebhookMetrics | undefined;
}

/** A message as it came: its headers by lower-case name, its body byte for byte. */
export interface WebhookMessage {
  header(name: string): string | undefined;
  body: Buffer;
}

/** A clock that is this many seconds off will soon refuse every message. */
const CLOCK_SKEW_ALARM_SECONDS = 60;

/** Logs what anybody can cause, as often as may be. */
type Alarm = (facts: Record<string, unknown>, text: string) => void;

/** Takes messages at this door. */
export function createWebhookReceiver(door: WebhookEndpoint): (message: WebhookMessage) => Promise<void> {
  const limited = logAtMostOnceAMinute();
  return (message) => receive(door, message, (facts, text) => limited(door.log, door.clock(), facts, text));
}

/** Resolves when the event is kept. Fails with 401 for what nobody we know has signed, with 503 when it cannot be kept: it is then told again. */
async function receive(door: WebhookEndpoint, { header, body }: WebhookMessage, alarm: Alarm): Promise<void> {
  const secrets = door.secrets();
  if (!secrets.length) throw unavailable('webhooks are not configured here: set JUNCTION_WEBHOOK_SECRET', NOT_CONFIGURED_RETRY_SECONDS);
  const signed: SignatureHeaders = { id: header('svix-id'), timestamp: header('svix-timestamp'), signature: header('svix-signature') };
  const now = door.clock();
  const verdict = verifySignature(signed, body, { secrets, now });
  if (verdict === 'good' || verdict === 'untimely') reportClockSkew(door, toClockSkewSeconds(signed.timestamp!, now), alarm);
  if (verdict !== 'good') {
    door.webhook?.arrived(verdict);
    // of what nobody we know has signed, even the name may be anything
    alarm({ verdict, ...(verdict === 'untimely' && { id: signed.id }) }, 'a webhook was refused');
    throw invalidSignature();
  }
  await storeEvent(door, signed.id!, body);
}

/** Seconds until a sender may try again. */
const NOT_CONFIGURED_RETRY_SECONDS = 300;

function reportClockSkew({ webhook }: WebhookEndpoint, seconds: number, alarm: Alarm): void {
  webhook?.clockAhead(seconds);
  if (Math.abs(seconds) > CLOCK_SKEW_ALARM_SECONDS) alarm({ seconds }, 'our clock and that of the sender of webhooks are far apart');
}

/** The body is patient data: it is kept only as long as it is needed to find out what it is about. */
async function storeEvent({ store, clock, teamId, log, webhook }: WebhookEndpoint, id: string, body: Buffer): Promise<void> {
  const { type, orderId, teamId: named, state: told } = parseWebhookEvent(body);
  const own = teamId();
  const state = named !== undefined && own !== undefined && named !== own ? 'foreign' : told;
  const raw = state === 'new' || state === 'undecodable' ? body : Buffer.alloc(0);
  const at = clock().toISOString();
  const kept = await store.inbox.add({ source: INBOX_SOURCE, id, type, subject: orderId, state, raw, at }).catch(() => {
    webhook?.arrived('not kept');
    throw unavailable('the event cannot be kept at the moment: send it again', 5);
  });
  const arrived = !kept ? 'repeated' : type === DELIVERY_EXHAUSTED ? 'given up' : state;
  webhook?.arrived(arrived);
  log({ id, type, order: orderId, state: arrived }, arrived === 'given up' ? 'the network has given up telling us something' : 'webhook');
}
