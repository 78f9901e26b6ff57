// Which host a key belongs to.
import { junctionBaseUrl } from '../../src/junction/hosts.ts';

test("without a configured host the key's prefix says which", () => {
  expect(junctionBaseUrl('pk_us_abc')).toBe('https://api.us.junction.com');
  expect(junctionBaseUrl('sk_eu_abc')).toBe('https://api.sandbox.eu.junction.com');
  expect(() => junctionBaseUrl('abc')).toThrow('JUNCTION_BASE_URL');
});

test("45: a key of another environment is refused at Junction's own hosts, old and new", () => {
  for (const host of ['https://api.sandbox.us.junction.com', 'https://api.sandbox.tryvital.io', 'https://api.eu.junction.com'])
    expect(() => junctionBaseUrl('pk_us_abc', host)).toThrow('JUNCTION_API_KEY');
  expect(() => junctionBaseUrl('sk_us_abc', 'https://api.us.junction.com')).toThrow('pk_us_');
  expect(junctionBaseUrl('sk_us_abc', 'https://api.sandbox.us.junction.com/')).toBe('https://api.sandbox.us.junction.com');
});

test('any other host is taken as it is, whatever the key looks like', () => {
  expect(junctionBaseUrl('pk_us_abc', 'http://127.0.0.1:4010/')).toBe('http://127.0.0.1:4010');
  expect(junctionBaseUrl('whatever', 'https://proxy.example.com/junction')).toBe('https://proxy.example.com/junction');
});
