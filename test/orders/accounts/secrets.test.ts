// The secrets of lab accounts at rest: encrypted, bound to their account, and readable with former keys during a rotation.
import { randomBytes } from 'node:crypto';
import { createSecretBox, KEY_BYTES } from '../../../src/orders/accounts/secrets.ts';

const [OLD, NEW, OTHER] = [randomBytes(KEY_BYTES), randomBytes(KEY_BYTES), randomBytes(KEY_BYTES)];
const SECRETS = { apiKey: 'sk_us_abc', webhookSecrets: ['whsec_one', 'whsec_two'] };

test('an encrypted text is decrypted for its account alone, and differs each time', () => {
  const box = createSecretBox([OLD]);
  const text = box.encrypt(7, SECRETS);
  expect(box.decrypt(7, text)).toEqual(SECRETS);
  expect(text).not.toContain('sk_us_abc');
  expect(box.encrypt(7, SECRETS)).not.toBe(text);
  expect(box.decrypt(8, text)).toEqual({ problem: expect.stringContaining('belong to another account') });
});

test('the first key encrypts, and every key decrypts', () => {
  const text = createSecretBox([OLD]).encrypt(7, SECRETS);
  const rotating = createSecretBox([NEW, OLD]);
  expect(rotating.decrypt(7, text)).toEqual(SECRETS);
  expect([rotating.isCurrent(text), createSecretBox([OLD]).isCurrent(text)]).toEqual([false, true]);
  const renewed = rotating.encrypt(7, SECRETS);
  expect(rotating.isCurrent(renewed)).toBe(true);
  expect(createSecretBox([NEW]).decrypt(7, renewed)).toEqual(SECRETS);
});

test.each([
  ['a missing key', [OTHER], (text: string) => text, 'FACET_SECRETS_KEY does not contain'],
  ['no key', [], (text: string) => text, 'FACET_SECRETS_KEY does not contain'],
  ['a changed text', [OLD], (text: string) => `${text.slice(0, -2)}${text.endsWith('AA') ? 'BB' : 'AA'}`, 'were changed'],
  ['a shortened text', [OLD], (text: string) => text.slice(0, 20), 'were changed'],
  ['another form', [OLD], () => '{"apiKey":"sk_us_abc"}', 'FACET_SECRETS_KEY does not contain'],
])('%s is refused with the remedy and without the secret', (_what, keys, change, message) => {
  const text = createSecretBox([OLD]).encrypt(7, SECRETS);
  const found = createSecretBox(keys).decrypt(7, change(text));
  expect(found).toEqual({ problem: expect.stringContaining(message) });
  expect(JSON.stringify(found)).not.toMatch(/sk_us_abc|whsec_/);
});

test('nothing is encrypted without a key', () => {
  expect(() => createSecretBox([]).encrypt(7, SECRETS)).toThrow('FACET_SECRETS_KEY');
});
