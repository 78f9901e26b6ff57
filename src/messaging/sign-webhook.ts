// Signs webhook messages by the Standard Webhooks scheme. The signature covers the id, the time and the body of a message.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
// docs/decisions/0032-behaviour-after-the-renaming.md
import { createHmac, randomBytes } from 'node:crypto';

interface WebhookMessage {
  /** The same in every attempt to deliver the message. */
  id: string;
  /** The time of this attempt in seconds since 1970, as the header has it. */
  timestamp: string;
  /** The bytes of a received message are not decoded: they need not be UTF-8. */
  body: string | Buffer;
}

/** One signature (`v1,<base64>`) for each secret. Several secrets are valid while a secret is being replaced. */
export const signWebhook = ({ id, timestamp, body }: WebhookMessage, secrets: string[]): string[] =>
  secrets.map((secret) => `v1,${createHmac('sha256', decodeSecret(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64')}`);

const decodeSecret = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

const SECRET_BYTES = 32;

/** `whsec_` and base64. */
export const generateWebhookSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
