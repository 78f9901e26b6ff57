// Whether a webhook was signed with one of our secrets, and recently. Svix uses the Standard Webhooks scheme under header names of its own.
// https://docs.svix.com/receiving/verifying-payloads/how-manual
import { timingSafeEqual } from 'node:crypto';
import { signWebhook } from '../../messaging/sign-webhook.ts';

/** The headers of a signed message. */
export interface SignatureHeaders {
  /** The id of the message, the same in every attempt to deliver it. */
  id: string | undefined;
  /** Seconds since 1970. */
  timestamp: string | undefined;
  /** `v1,<base64>`, several separated by a space while a secret is replaced. */
  signature: string | undefined;
}

/** How far the message's time and ours may differ, in seconds. */
const TOLERANCE_SECONDS = 300;
/** More than the replacement of a secret ever needs. */
const MAX_SIGNATURES = 16;

/** `unsigned`: a header is missing or malformed. `forged`: no secret of ours matches. `untimely`: signed with our secret, but outside the tolerance. */
type Verdict = 'good' | 'unsigned' | 'untimely' | 'forged';

/** Secrets are base64, with or without `whsec_` in front. The signature is checked before the time: only a genuine message tells about clocks. */
export function verifySignature(
  { id, timestamp, signature }: SignatureHeaders,
  body: Buffer,
  { secrets, now }: { secrets: string[]; now: Date },
): Verdict {
  if (!id || !signature || !timestamp || !/^\d{1,12}$/.test(timestamp)) return 'unsigned';
  const expected = signWebhook({ id, at: new Date(Number(timestamp) * 1000), body }, secrets);
  const received = signature.split(' ', MAX_SIGNATURES);
  if (!received.some((one) => expected.some((own) => isEqual(own, one)))) return 'forged';
  return Math.abs(toClockSkewSeconds(timestamp, now)) > TOLERANCE_SECONDS ? 'untimely' : 'good';
}

/** How many seconds our clock is ahead of the message. */
export const toClockSkewSeconds = (timestamp: string, now: Date): number => Math.round(now.getTime() / 1000 - Number(timestamp));

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
