// Restricts the addresses of outbound requests: in production a private address is refused, whatever host name resolves to it. This prevents server-side request
// forgery by clients that may write a Subscription, and by the documents of an issuer of access tokens.
// https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export interface AddressPolicy {
  production: boolean;
  /** Hosts, as endpoints name them, that are allowed although their addresses are private. */
  privateHosts: ReadonlySet<string>;
}

/** https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry */
const NON_PUBLIC_RANGES: [address: string, bits: number, family: 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  // IPv6. The first three rows are everything outside 2000::/3. Inside it: protocol assignments (Teredo), documentation, 6to4, documentation
  ['::', 3, 'ipv6'],
  ['4000::', 2, 'ipv6'],
  ['8000::', 1, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['3fff::', 20, 'ipv6'],
];
/** One list per family: a common list would also compare an IPv4 address in its IPv6-mapped form. */
const NON_PUBLIC = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [address, bits, family] of NON_PUBLIC_RANGES) NON_PUBLIC[family].addSubnet(address, bits, family);

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const toIpFamily = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** `address`: an IP address. */
export const isPrivateAddress = (address: string): boolean => NON_PUBLIC[toIpFamily(address)].check(address, toIpFamily(address));

/** The host of a URL, an IPv6 address without its brackets. */
export const toHost = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** Checks the host name without resolving it. */
export const isLoopback = (host: string): boolean =>
  isIP(host) ? LOOPBACK.check(host, toIpFamily(host)) : /(^|\.)localhost\.?$/i.test(host);

/** Checks the host name only: `createGuardedLookup` checks the addresses to which the name resolves. */
export const isAllowedHost = (host: string, { production, privateHosts }: AddressPolicy): boolean =>
  !production || privateHosts.has(host) || !(isIP(host) ? isPrivateAddress(host) : isLoopback(host));

/** The error code of `createGuardedLookup`. */
export const PRIVATE_ADDRESS = 'EPRIVATE';

/** Resolves a host name for a connection, and fails if all its addresses are private. The connection uses a checked address, without another lookup. */
export function createGuardedLookup({ production, privateHosts }: AddressPolicy): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '');
      const open = !production || privateHosts.has(host) ? found : found.filter(({ address }) => !isPrivateAddress(address));
      const [first] = open;
      if (!first) return done(Object.assign(new Error('no public address'), { code: PRIVATE_ADDRESS }), '');
      if (options.all) return done(null, open);
      done(null, first.address, first.family);
    });
  };
}
