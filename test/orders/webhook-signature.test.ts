// Signatures of webhooks: the published example and those of the Standard Webhooks library are valid; all others are refused.
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { WEBHOOK_BODY_LIMIT } from '../../src/orders/webhooks/receive.ts';
import { type SignatureHeaders, toClockSkewSeconds, verifySignature } from '../../src/orders/webhooks/signature.ts';
import { processorTime } from '../processor-time.ts';

/** https://docs.svix.com/receiving/verifying-payloads/how-manual */
const PUBLISHED = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const OTHER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
/** As the sender documents it. */
const signatureOf = (secret: string, { id, timestamp, body }: { id: string; timestamp: string; body: string | Buffer }) =>
  `v1,${createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
    .update(Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]))
    .digest('base64')}`;
const at = (seconds: number) => new Date((Number(PUBLISHED.timestamp) + seconds) * 1000);
const verdict = (
  change: Partial<SignatureHeaders & { body: string | Buffer }> = {},
  { secrets = [PUBLISHED.secret], now = at(0) } = {},
) => {
  const { body, ...signed } = { ...PUBLISHED, ...change };
  return verifySignature(signed, Buffer.from(body), { secrets, now });
};

test('the published example is valid with either of two secrets', () => {
  expect([verdict(), verdict({}, { secrets: [OTHER, PUBLISHED.secret] })]).toEqual(['good', 'good']);
});

test('a signature by the library is valid for any body', () => {
  for (const body of ['{}', '', 'ÄÖ\u{1f9ea}', `{"a":"${'x'.repeat(5000)}"}`]) {
    const signature = new Webhook(OTHER).sign('msg_1', at(0), body);
    expect(verdict({ id: 'msg_1', body, signature }, { secrets: [OTHER] })).toBe('good');
    expect(verdict({ id: 'msg_1', body: `${body} `, signature }, { secrets: [OTHER] })).toBe('forged');
  }
});

test('a body that is not UTF-8, and a time with leading zeros, are verified as received', () => {
  const body = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
  expect(verdict({ body, signature: signatureOf(PUBLISHED.secret, { ...PUBLISHED, body }) })).toBe('good');
  const timestamp = `00${PUBLISHED.timestamp}`;
  expect(verdict({ timestamp, signature: signatureOf(PUBLISHED.secret, { ...PUBLISHED, timestamp }) })).toBe('good');
});

test('checking a forged body of the largest size costs little processor time', () => {
  const body = Buffer.alloc(WEBHOOK_BODY_LIMIT, 'x');
  const check = () => Array.from({ length: 20 }, () => verdict({ body }));
  check();
  expect(processorTime(check)).toBeLessThan(250);
});

test.each([
  ['another body', { body: '{"test": 2432232315}' }],
  ['another id', { id: 'msg_other' }],
  ['another time', { timestamp: '1614265331' }],
  ['another version of the scheme', { signature: PUBLISHED.signature.replace('v1', 'v2') }],
  ['a signature cut short', { signature: PUBLISHED.signature.slice(0, -6) }],
  ['no base64', { signature: 'v1,???' }],
])('%s is classified as forged', (_title, change) => {
  expect(verdict(change)).toBe('forged');
});

test('without the right secret every signature is invalid', () => {
  expect([verdict({}, { secrets: [OTHER] }), verdict({}, { secrets: [] })]).toEqual(['forged', 'forged']);
});

test('a secret without padding or prefix is accepted', () => {
  const secret = Buffer.from('four').toString('base64').replace(/=+$/, '');
  expect(verdict({ signature: signatureOf(`whsec_${secret}`, PUBLISHED) }, { secrets: [secret] })).toBe('good');
});

test('one valid signature among several is enough', () => {
  const other = signatureOf(OTHER, PUBLISHED);
  expect(verdict({ signature: `v1a,xyz ${other} ${PUBLISHED.signature}` })).toBe('good');
});

test.each([
  ['no id', { id: undefined }],
  ['no time', { timestamp: undefined }],
  ['no signature', { signature: undefined }],
  ['a time that is no whole number', { timestamp: '1614265330.5' }],
  ['a time in words', { timestamp: 'now' }],
])('%s is classified as unsigned', (_title, change) => {
  expect(verdict(change as Partial<SignatureHeaders>)).toBe('unsigned');
});

test('a clock difference of five minutes is accepted, one second more is not', () => {
  expect([-301, -300, 300, 301].map((seconds) => verdict({}, { now: at(seconds) }))).toEqual(['untimely', 'good', 'good', 'untimely']);
  expect(toClockSkewSeconds(PUBLISHED.timestamp, at(61))).toBe(61);
});
