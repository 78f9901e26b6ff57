// The panels that can be ordered: the configured ones, else the sandbox's if orders go to a sandbox, else none.
import type { Config } from '../config.ts';
import { SANDBOX_PANELS } from '../junction-sandbox/sandbox-state.ts';
import { isLoopback, toHost } from '../messaging/address-policy.ts';

/** Whether orders go to a sandbox on this machine. Any other host may lead to Junction. Never in production. */
export function usesSandbox({ production, junction: { apiKey, baseUrl } }: Config): boolean {
  if (production) return false;
  return apiKey === undefined || (baseUrl !== undefined && isLoopback(toHost(new URL(baseUrl))));
}

/** Panel → lab test ids; undefined if no panel is known. */
export const readPanels = (config: Config): Config['junction']['panels'] =>
  config.junction.panels ?? (usesSandbox(config) ? SANDBOX_PANELS : undefined);
