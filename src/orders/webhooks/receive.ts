// Where the network tells us that something happened: the signature is checked, the event is kept, and only then is it answered. What it means is found out
// afterwards (inbox.ts): whoever tells us waits a few seconds at most, and an event that is kept is never told again.
import { unavailable, unsigned } from '../../fhir/outcome.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookWatch } from '../track/order-tracker.ts';
import { GIVEN_UP, webhookEvent } from './event.ts';
import { logAtMostOnceAMinute } from './log-at-most.ts';
import { lag, type Signed, verdictOf } from './signature.ts';

/** Where messages arrive. */
export const WEBHOOK_PATHS = ['/v1/webhooks/junction', '/webhooks/junction'];
/** The largest body, in bytes. */
export const WEBHOOK_LIMIT = 1024 * 1024;
/** Whose events these are in the inbox. */
export const SOURCE = 'junction';

export interface WebhookDoor {
  store: Store;
  clock: () => Date;
  /** All that are in force: two while one is being changed, none when nobody has configured any. */
  secrets: () => string[];
  /** Our team, where it is known: another team's events are none of ours. */
  teamId: () => string | undefined;
  log(facts: Record<string, unknown>, text: string): void;
  webhook?: WebhookWatch | undefined;
}

/** A message as it came: its headers by lower-case name, its body byte for byte. */
export interface WebhookMessage {
  header(name: string): string | undefined;
  body: Buffer;
}

/** A clock that is this many seconds off will soon refuse every message. */
const ALARMING = 60;

/** Logs what anybody can cause, as often as may be. */
type Alarm = (facts: Record<string, unknown>, text: string) => void;

/** Takes messages at this door. */
export function webhookReceiver(door: WebhookDoor): (message: WebhookMessage) => Promise<void> {
  const limited = logAtMostOnceAMinute();
  return (message) => receive(door, message, (facts, text) => limited(door.log, door.clock(), facts, text));
}

/** Resolves when the event is kept. Fails with 401 for what nobody we know has signed, with 503 when it cannot be kept: it is then told again. */
async function receive(door: WebhookDoor, { header, body }: WebhookMessage, alarm: Alarm): Promise<void> {
  const secrets = door.secrets();
  if (!secrets.length) throw unavailable('webhooks are not configured here: set JUNCTION_WEBHOOK_SECRET', NOT_CONFIGURED);
  const signed: Signed = { id: header('svix-id'), timestamp: header('svix-timestamp'), signature: header('svix-signature') };
  const now = door.clock();
  const verdict = verdictOf(signed, body, { secrets, now });
  if (verdict === 'good' || verdict === 'untimely') watchClock(door, lag(signed.timestamp!, now), alarm);
  if (verdict !== 'good') {
    door.webhook?.arrived(verdict);
    // of what nobody we know has signed, even the name may be anything
    alarm({ verdict, ...(verdict === 'untimely' && { id: signed.id }) }, 'a webhook was refused');
    throw unsigned();
  }
  await keep(door, signed.id!, body);
}

/** Seconds until a sender may try again. */
const NOT_CONFIGURED = 300;

function watchClock({ webhook }: WebhookDoor, seconds: number, alarm: Alarm): void {
  webhook?.clockAhead(seconds);
  if (Math.abs(seconds) > ALARMING) alarm({ seconds }, 'our clock and that of the sender of webhooks are far apart');
}

/** The body is patient data: it is kept only as long as it is needed to find out what it is about. */
async function keep({ store, clock, teamId, log, webhook }: WebhookDoor, id: string, body: Buffer): Promise<void> {
  const { type, orderId, teamId: named, state: told } = webhookEvent(body);
  const own = teamId();
  const state = named !== undefined && own !== undefined && named !== own ? 'foreign' : told;
  const raw = state === 'new' || state === 'undecodable' ? body : Buffer.alloc(0);
  const at = clock().toISOString();
  const kept = await store.inbox.add({ source: SOURCE, id, type, subject: orderId, state, raw, at }).catch(() => {
    webhook?.arrived('not kept');
    throw unavailable('the event cannot be kept at the moment: send it again', 5);
  });
  const arrived = !kept ? 'repeated' : type === GIVEN_UP ? 'given up' : state;
  webhook?.arrived(arrived);
  log({ id, type, order: orderId, state: arrived }, arrived === 'given up' ? 'the network has given up telling us something' : 'webhook');
}
