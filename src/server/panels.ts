// The panels that can be ordered: the configured ones, else the sandbox's if orders go to a sandbox, else none.
import type { Config } from '../config.ts';
import { SANDBOX_PANELS } from '../junction-sandbox/sandbox-state.ts';
import type { OrderRules } from '../orders/place/order-content.ts';
import { isLoopback, toHost } from '../subscriptions/address-policy.ts';

/** Whether orders go to a sandbox on this machine. Any other host may lead to Junction. Never in production. */
export function usesSandbox({ production, junction: { apiKey, baseUrl } }: Config): boolean {
  if (production) return false;
  return apiKey === undefined || (baseUrl !== undefined && isLoopback(toHost(new URL(baseUrl))));
}

/** Whether orders can be sent at all: to an account at the laboratory network, or to a sandbox. */
const canSend = (config: Config): boolean => config.junction.apiKey !== undefined || usesSandbox(config);

/** How to treat an active laboratory request that cannot be ordered. Without an account or a sandbox it is stored like any other resource. */
export function unorderablePolicy(config: Config): OrderRules['unorderable'] {
  if (!canSend(config)) return 'store';
  return config.strictOrders ? 'refuse' : 'reject';
}

/** Panel → lab test ids; undefined if no panel is known. */
export const readPanels = (config: Config): Config['junction']['panels'] =>
  config.junction.panels ?? (usesSandbox(config) ? SANDBOX_PANELS : undefined);
