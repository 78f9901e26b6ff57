// Which URLs of an issuer's documents are used: none that could lead into a private network.
import { isUsableUrl } from '../../src/access-tokens/issuer-request.ts';

const PUBLIC = 'https://login.test/realms/x';
const LOOPBACK = 'http://localhost:8080/realms/x';

test.each([
  ['on the issuer itself', PUBLIC, 'https://login.test/keys', true],
  ['on another public host', PUBLIC, 'https://keys.test/jwks', true],
  ['on a public address', PUBLIC, 'https://93.184.216.34/jwks', true],
  ['without TLS', PUBLIC, 'http://login.test/keys', false],
  ['without TLS on loopback, of a public issuer', PUBLIC, 'http://127.0.0.1/keys', false],
  ['on loopback', PUBLIC, 'https://localhost/keys', false],
  ['on loopback by IPv6', PUBLIC, 'https://[::1]/keys', false],
  ['on the address of cloud metadata', PUBLIC, 'https://169.254.169.254/keys', false],
  ['on a private address', PUBLIC, 'https://10.0.0.1/keys', false],
  ['on a private address in another spelling', PUBLIC, 'https://0x0a000001/keys', false],
  ['on a private address in IPv6', PUBLIC, 'https://[::ffff:10.0.0.1]/keys', false],
  ['on the private address that the issuer itself has', 'https://10.0.0.1', 'https://10.0.0.1/keys', true],
  ['on another port of a loopback issuer', LOOPBACK, 'http://127.0.0.1:9/keys', true],
  ['of a loopback issuer in a private network', LOOPBACK, 'https://10.0.0.1/keys', false],
  ['of another scheme', PUBLIC, 'file:///etc/passwd', false],
  ['relative', PUBLIC, '/keys', false],
  ['that is no text', PUBLIC, 7, false],
])('a URL %s: %s, %s', (_what, issuer, url, isUsable) => {
  expect(isUsableUrl(url, issuer)).toBe(isUsable);
});
