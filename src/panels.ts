// Which panels can be ordered: those that are configured; the sandbox's own where orders go to a sandbox and to no laboratory; else none.
import type { Config } from './config.ts';
import { SANDBOX_PANELS } from './outbound/sandbox/world.ts';

/** The hosts of Junction, all environments and both names. */
const JUNCTION_HOST = /(^|\.)(junction\.com|tryvital\.io)\.?$/;

/** Whether orders go to a sandbox: the one beside the server, or one at a host that is none of Junction's. Never in production. */
export function toSandbox({ production, junction: { apiKey, baseUrl } }: Config): boolean {
  if (production) return false;
  return apiKey === undefined || (baseUrl !== undefined && !JUNCTION_HOST.test(new URL(baseUrl).hostname));
}

/** Panel → lab test ids; undefined: nothing says what a panel is. */
export const panelsOf = (config: Config): Config['junction']['panels'] =>
  config.junction.panels ?? (toSandbox(config) ? SANDBOX_PANELS : undefined);
