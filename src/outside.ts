// The door out as this installation has it: which account orders go to, or the sandbox that stands in for it, and the worker that sends them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Config } from './config.ts';
import type { Profiles } from './fhir/profiles.ts';
import { type Junction, type JunctionParts, junction } from './outbound/junction.ts';
import type { JunctionAccount } from './outbound/junction-exchange.ts';
import { junctionBaseUrl } from './outbound/junction-hosts.ts';
import { startSandbox } from './outbound/sandbox/server.ts';
import { SANDBOX_PANELS } from './outbound/sandbox/world.ts';
import { ROOT } from './root.ts';

/** The steps and effects of the door out, and how to start what works in the background; `start` answers how to stop it. */
export interface Outside extends Pick<Junction, 'effect' | 'steps'> {
  start(say: (line: string) => void): Promise<() => Promise<void>>;
}

/** The code and naming systems of `mappings/junction/systems.yaml`. */
interface Systems {
  panels: string;
  order: string;
  status: string;
}

export function outsideOf(config: Config, profiles: Profiles, parts: JunctionParts): Outside {
  const { panels, ...systems } = systemsOf(profiles);
  const account: { now: JunctionAccount | undefined } = { now: configured(config) };
  const door = junction(
    {
      account: () => account.now,
      physicianPath: config.junction.physicianPath,
      table: { system: panels, panels: config.junction.panels ?? (config.production ? {} : SANDBOX_PANELS) },
      systems,
    },
    parts,
  );
  return {
    effect: door.effect,
    steps: door.steps,
    async start(say) {
      const sandbox = account.now || config.production ? undefined : await startSandbox({ clock: parts.clock });
      if (sandbox) {
        account.now = { apiKey: sandbox.apiKey, baseUrl: sandbox.url, teamId: sandbox.teamId };
        say(`No JUNCTION_API_KEY: orders go to a SANDBOX on this machine (${sandbox.url}) and to no laboratory.`);
      }
      if (!account.now) say('No JUNCTION_API_KEY: no order can be sent.');
      if (config.production && !config.junction.panels) say('No JUNCTION_PANELS: no ServiceRequest is taken for an order to send.');
      const stop = account.now ? door.start() : async () => {};
      return async () => {
        await stop();
        await sandbox?.close();
      };
    },
  };
}

function configured({ junction: { apiKey, baseUrl, teamId } }: Config): JunctionAccount | undefined {
  return apiKey === undefined ? undefined : { apiKey, baseUrl: junctionBaseUrl(apiKey, baseUrl), teamId };
}

function systemsOf({ definitions }: Profiles): Systems {
  const file = join(ROOT, 'mappings', 'junction', 'systems.yaml');
  const systems = parse(readFileSync(file, 'utf8')) as Systems;
  const unknown = Object.entries(systems).filter(([, url]) => !definitions.has(url));
  if (unknown.length) throw new Error(`${file}: no definition in fhir-profiles/ for ${unknown.map(([name]) => name).join(', ')}`);
  return systems;
}
