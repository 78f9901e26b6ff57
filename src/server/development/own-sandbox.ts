// The sandbox that a server without an account at the lab network starts. With several workers the primary process starts it, so that all of them use one.
import type { Config } from '../../config.ts';
import type { Sandbox } from '../../junction-sandbox/server.ts';

/** How a process uses the sandbox of another process. */
export interface SandboxAccess {
  url: string;
  apiKey: string;
  teamId: string;
  webhookSecret: string;
}

/** Undefined: there is an account, or orders must not go to a sandbox. */
export async function startOwnSandbox({ production, junction }: Config, clock: () => Date): Promise<Sandbox | undefined> {
  if (production || junction.apiKey !== undefined) return undefined;
  return (await import('../../junction-sandbox/server.ts')).startSandbox({ clock });
}

export const describeSandbox = ({ url }: Pick<Sandbox, 'url'>): string =>
  `No JUNCTION_API_KEY: orders go to a SANDBOX on this machine (${url}) and to no laboratory.`;

export const toSandboxAccess = ({ url, apiKey, teamId, state }: Sandbox): SandboxAccess => ({
  url,
  apiKey,
  teamId,
  webhookSecret: state.webhooks.secret,
});

/** The configuration with the sandbox as the account of the environment. */
export const useSandboxOf = (config: Config, { url, apiKey, teamId, webhookSecret }: SandboxAccess): Config => ({
  ...config,
  junction: { ...config.junction, apiKey, baseUrl: url, teamId, webhookSecrets: [...config.junction.webhookSecrets, webhookSecret] },
});
