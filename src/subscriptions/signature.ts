// The signature of a message to a subscriber, in the manner of Standard Webhooks: over its name, its time and its bytes.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** A new secret: `whsec_` and base64. */
export const generateSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/** The three headers. Several secrets: signed with each, while one is being changed. */
export function buildSignatureHeaders(
  id: string,
  { at, body, secrets }: { at: Date; body: string; secrets: string[] },
): [name: string, value: string][] {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = secrets.map(
    (secret) => `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return [
    ['webhook-id', id],
    ['webhook-timestamp', timestamp],
    ['webhook-signature', signature.join(' ')],
  ];
}

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
