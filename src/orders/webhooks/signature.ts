// Whether a message was signed by who knows one of our secrets, a moment ago: Svix' scheme, over the bytes as they came.
// https://docs.svix.com/receiving/verifying-payloads/how-manual
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What stands in the headers of a signed message. */
export interface SignatureHeaders {
  /** The name of the message, the same in every attempt to deliver it. */
  id: string | undefined;
  /** Seconds since 1970. */
  timestamp: string | undefined;
  /** `v1,<base64>`, several by space while a secret is being changed. */
  signature: string | undefined;
}

/** How far a message's time and ours may be apart, in seconds. */
const TOLERANCE_SECONDS = 300;
/** More than a change of secrets ever brings. */
const MAX_SIGNATURES = 16;

/** `unsigned`: a header is missing or malformed. `forged`: by nobody we know. `untimely`: by somebody we know, too long ago or ahead of our time. */
type Verdict = 'good' | 'unsigned' | 'untimely' | 'forged';

/** Secrets are base64, with or without `whsec_` in front. */
export function verifySignature(
  { id, timestamp, signature }: SignatureHeaders,
  body: Buffer,
  { secrets, now }: { secrets: string[]; now: Date },
): Verdict {
  if (!id || !signature || !/^\d{1,12}$/.test(timestamp ?? '')) return 'unsigned';
  const message = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const expected = secrets.map((secret) => createHmac('sha256', keyOf(secret)).update(message).digest());
  if (!signaturesOf(signature).some((one) => expected.some((own) => same(own, one)))) return 'forged';
  return Math.abs(toClockSkewSeconds(timestamp!, now)) > TOLERANCE_SECONDS ? 'untimely' : 'good';
}

/** How many seconds our clock is ahead of the message. */
export const toClockSkewSeconds = (timestamp: string, now: Date): number => Math.round(now.getTime() / 1000 - Number(timestamp));

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

const signaturesOf = (header: string): Buffer[] =>
  header
    .split(' ', MAX_SIGNATURES)
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice(3), 'base64'));

const same = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
