// Signatures of webhook messages by the Standard Webhooks scheme: over the id, the time and the body of a message.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

interface WebhookMessage {
  /** The same in every attempt to deliver the message. */
  id: string;
  /** When this attempt is made. Signed in whole seconds. */
  at: Date;
  body: string | Buffer;
}

/**
 * One signature (`v1,<base64>`) for each secret; several secrets are valid while one is replaced. The library signs with one secret. Its own verification is
 * not used: it reads the machine's clock, knows one secret, and does not tell a wrong signature from a late message.
 */
export const signWebhook = ({ id, at, body }: WebhookMessage, secrets: string[]): string[] =>
  // `raw`, because the library refuses base64 without padding, which receivers and operators may use
  secrets.map((secret) => new Webhook(decodeSecret(secret), { format: 'raw' }).sign(id, at, body));

const decodeSecret = (secret: string): Uint8Array => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

const SECRET_BYTES = 32;

/** `whsec_` and base64. */
export const generateWebhookSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
