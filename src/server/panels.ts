// Which panels can be ordered: those that are configured; the sandbox's own where orders go to a sandbox and to no laboratory; else none.
import type { Config } from '../config.ts';
import { SANDBOX_PANELS } from '../junction-sandbox/sandbox-state.ts';
import type { OrderRules } from '../orders/place/order-content.ts';
import { isLoopback, toHost } from '../subscriptions/address-policy.ts';

/** Whether orders go to a sandbox: the one beside the server, or one on this machine: elsewhere a host that is not Junction's may still lead there. Never in production. */
export function usesSandbox({ production, junction: { apiKey, baseUrl } }: Config): boolean {
  if (production) return false;
  return apiKey === undefined || (baseUrl !== undefined && isLoopback(toHost(new URL(baseUrl))));
}

/** Whether orders can be sent at all: to an account at the laboratory network, or to a sandbox. */
const canSend = (config: Config): boolean => config.junction.apiKey !== undefined || usesSandbox(config);

/** What becomes of an active laboratory request that cannot be ordered. Where nothing is sent it is stored as any other. */
export function unorderablePolicy(config: Config): OrderRules['unorderable'] {
  if (!canSend(config)) return 'store';
  return config.strictOrders ? 'refuse' : 'reject';
}

/** Panel → lab test ids; undefined: nothing says what a panel is. */
export const readPanels = (config: Config): Config['junction']['panels'] =>
  config.junction.panels ?? (usesSandbox(config) ? SANDBOX_PANELS : undefined);
