// Verifies the signature and the timestamp of a webhook. Svix uses the scheme of Standard Webhooks with different header names.
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

/** The tolerated difference between the timestamp of the message and this server's clock, in seconds. */
const TOLERANCE_SECONDS = 300;
/** More than a replacement of secrets needs. */
const MAX_SIGNATURES = 16;

/** `unsigned`: a header is missing or malformed. `forged`: no configured secret matches. `untimely`: validly signed, but outside the tolerance. */
type Verdict = 'good' | 'unsigned' | 'untimely' | 'forged';

/** Secrets are base64, with or without the prefix `whsec_`. The signature is checked first: only the timestamp of a genuine message shows a clock difference. */
export function verifySignature(
  { id, timestamp, signature }: SignatureHeaders,
  body: Buffer,
  { secrets, now }: { secrets: string[]; now: Date },
): Verdict {
  if (!id || !signature || !timestamp || !/^\d{1,12}$/.test(timestamp)) return 'unsigned';
  const expected = signWebhook({ id, timestamp, body }, secrets);
  const received = signature.split(' ', MAX_SIGNATURES);
  if (!received.some((signature) => expected.some((own) => isEqual(own, signature)))) return 'forged';
  return Math.abs(toClockSkewSeconds(timestamp, now)) > TOLERANCE_SECONDS ? 'untimely' : 'good';
}

/** The seconds that this server's clock is ahead of the message. */
export const toClockSkewSeconds = (timestamp: string, now: Date): number => Math.round(now.getTime() / 1000 - Number(timestamp));

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
