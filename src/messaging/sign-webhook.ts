// Signs webhook messages by the Standard Webhooks scheme. The signature covers the id, the time and the body of a message.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

interface WebhookMessage {
  /** The same in every attempt to deliver the message. */
  id: string;
  /** The time of this attempt. It is signed in whole seconds. */
  at: Date;
  body: string | Buffer;
}

/**
 * One signature (`v1,<base64>`) for each secret. Several secrets are valid while a secret is being replaced. The verification of the library is not used: it
 * reads the machine's clock, accepts one secret only, and does not distinguish a wrong signature from a late message.
 */
export const signWebhook = ({ id, at, body }: WebhookMessage, secrets: string[]): string[] =>
  // `raw`, because the library refuses base64 without padding, which receivers and operators may use
  secrets.map((secret) => new Webhook(decodeSecret(secret), { format: 'raw' }).sign(id, at, body));

const decodeSecret = (secret: string): Uint8Array => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

const SECRET_BYTES = 32;

/** `whsec_` and base64. */
export const generateWebhookSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
