// Which host a Junction key belongs to: the key's prefix names environment and region (`sk_` is the sandbox, `pk_` production).
// https://docs.junction.com/api-details/junction-api

/** Key prefix → host, and the host's older name, which still answers. */
const HOSTS: Record<string, [host: string, older: string]> = {
  pk_us_: ['api.us.junction.com', 'api.tryvital.io'],
  pk_eu_: ['api.eu.junction.com', 'api.eu.tryvital.io'],
  sk_us_: ['api.sandbox.us.junction.com', 'api.sandbox.tryvital.io'],
  sk_eu_: ['api.sandbox.eu.junction.com', 'api.sandbox.eu.tryvital.io'],
};

/**
 * The base URL to call, without a trailing slash: the configured one, else the host of the key's prefix. A key of one environment at the host of
 * another is an Error that names the variables; a host that is not Junction's is taken as it is.
 */
export function resolveJunctionBaseUrl(apiKey: string, configured?: string): string {
  const prefix = Object.keys(HOSTS).find((prefix) => apiKey.startsWith(prefix));
  if (configured === undefined) return `https://${findHost(prefix)}`;
  const { hostname } = new URL(configured);
  const owner = Object.keys(HOSTS).find((prefix) => HOSTS[prefix]!.includes(hostname));
  if (owner !== undefined && owner !== prefix)
    throw new Error(`JUNCTION_API_KEY does not belong to the host in JUNCTION_BASE_URL: that host takes keys that begin with ${owner}`);
  return configured.replace(/\/+$/, '');
}

function findHost(prefix: string | undefined): string {
  if (prefix === undefined)
    throw new Error(`JUNCTION_API_KEY begins with none of ${Object.keys(HOSTS).join(', ')}: name its host in JUNCTION_BASE_URL`);
  return HOSTS[prefix]![0];
}
