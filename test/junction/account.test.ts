// Which host a key belongs to.
import { resolveJunctionBaseUrl } from '../../src/junction/account.ts';

test('without a configured host the prefix of the key determines it', () => {
  expect(resolveJunctionBaseUrl('pk_us_abc')).toBe('https://api.us.junction.com');
  expect(resolveJunctionBaseUrl('sk_eu_abc')).toBe('https://api.sandbox.eu.junction.com');
  expect(() => resolveJunctionBaseUrl('abc')).toThrow('JUNCTION_BASE_URL');
});

test("45: a key of another environment is refused at Junction's own hosts, old and new", () => {
  for (const host of ['https://api.sandbox.us.junction.com', 'https://api.sandbox.tryvital.io', 'https://api.eu.junction.com'])
    expect(() => resolveJunctionBaseUrl('pk_us_abc', host)).toThrow('JUNCTION_API_KEY');
  expect(() => resolveJunctionBaseUrl('sk_us_abc', 'https://api.us.junction.com')).toThrow('pk_us_');
  expect(resolveJunctionBaseUrl('sk_us_abc', 'https://api.sandbox.us.junction.com/')).toBe('https://api.sandbox.us.junction.com');
});

test('any other host is accepted with any key', () => {
  expect(resolveJunctionBaseUrl('pk_us_abc', 'http://127.0.0.1:4010/')).toBe('http://127.0.0.1:4010');
  expect(resolveJunctionBaseUrl('whatever', 'https://proxy.example.com/junction')).toBe('https://proxy.example.com/junction');
});
