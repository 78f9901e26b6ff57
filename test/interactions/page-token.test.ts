// Page links are opaque and authenticated, and valid only for their tenant.
import { createPageTokens } from '../../src/interactions/page-token.ts';

const seal = createPageTokens('a secret that all processes share');
const content = { type: 'Patient', parameters: [['family', 'Lovelace']], after: ['lovelace', '7'] };

test('a token is opened by any process with the same secret', () => {
  expect(createPageTokens('a secret that all processes share').open(1, seal.seal(1, content))).toEqual(content);
});

test('a token reveals no part of its content', () => {
  const link = seal.seal(1, content);
  expect(link).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(Buffer.from(link, 'base64url').toString('latin1')).not.toContain('Lovelace');
});

test.each([
  ['another tenant', () => seal.open(2, seal.seal(1, content))],
  ['another secret', () => createPageTokens('other').open(1, seal.seal(1, content))],
  ['a changed link', () => seal.open(1, `${seal.seal(1, content).slice(0, -2)}xx`)],
  ['an invented link', () => seal.open(1, 'abc')],
  ['nothing', () => seal.open(1, '')],
])('%s does not open it', (_who, open) => {
  expect(open).toThrow('this page link was not created by this server');
});
