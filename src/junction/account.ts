// The Junction account that orders are sent to, and the host that its API key belongs to: the prefix of the key names environment and region.
// https://docs.junction.com/api-details/junction-api

export interface JunctionAccount {
  apiKey: string;
  /** Without a trailing slash. */
  baseUrl: string;
  /** The team whose physicians are listed; without it no physician can be registered. */
  teamId?: string | undefined;
}

/** By key prefix (`pk_` production, `sk_` sandbox): the host, and its older name, which still works. */
const HOSTS: Record<string, [host: string, older: string]> = {
  pk_us_: ['api.us.junction.com', 'api.tryvital.io'],
  pk_eu_: ['api.eu.junction.com', 'api.eu.tryvital.io'],
  sk_us_: ['api.sandbox.us.junction.com', 'api.sandbox.tryvital.io'],
  sk_eu_: ['api.sandbox.eu.junction.com', 'api.sandbox.eu.tryvital.io'],
};

/** The names of the settings, for errors. */
interface SettingNames {
  key: string;
  url: string;
}

const VARIABLES: SettingNames = { key: 'JUNCTION_API_KEY', url: 'JUNCTION_BASE_URL' };

/**
 * The configured URL, or the host of the key's prefix; without a trailing slash. Throws if the configured host is Junction's for other keys. Any other host is
 * accepted.
 */
export function resolveJunctionBaseUrl(apiKey: string, configured?: string, names = VARIABLES): string {
  const prefix = Object.keys(HOSTS).find((prefix) => apiKey.startsWith(prefix));
  if (configured === undefined) return `https://${findHost(prefix, names)}`;
  const { hostname } = new URL(configured);
  const owner = Object.keys(HOSTS).find((prefix) => HOSTS[prefix]!.includes(hostname));
  if (owner !== undefined && owner !== prefix)
    throw new Error(`${names.key} does not belong to the host in ${names.url}: that host accepts keys that begin with ${owner}`);
  return configured.replace(/\/+$/, '');
}

function findHost(prefix: string | undefined, { key, url }: SettingNames): string {
  if (prefix === undefined) throw new Error(`${key} does not begin with one of ${Object.keys(HOSTS).join(', ')}: set its host in ${url}`);
  return HOSTS[prefix]![0];
}
