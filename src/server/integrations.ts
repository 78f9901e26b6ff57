// The door out as this installation has it: which account orders go to, or the sandbox that stands in for it, and the worker that sends them;
// and who is told of changes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Config } from '../config.ts';
import type { Profiles } from '../fhir/profiles.ts';
import type { ServedType } from '../fhir/types.ts';
import type { WriteHook } from '../interactions/context.ts';
import type { JunctionAccount } from '../junction/account.ts';
import { resolveJunctionBaseUrl } from '../junction/account.ts';
import { startSandbox } from '../junction-sandbox/server.ts';
import { loadInboundMapping } from '../mapping/load/inbound-mapping.ts';
import { normalizeUnit } from '../orders/results/biomarker.ts';
import type { Systems as JunctionSystems } from '../orders/systems.ts';
import type { ResultMappings } from '../orders/track/order-tracker.ts';
import { ROOT } from '../root.ts';
import { listOrderWork, listSubscriptionWork, startBackgroundWork } from './background/background-work.ts';
import { buildLabNetwork, type LabNetwork, type LabNetworkParts } from './lab-network.ts';
import { readPanels, unorderablePolicy } from './panels.ts';
import { buildSubscriptions, type SubscribingParts } from './subscriptions.ts';

/** The external steps and write hooks of orders and subscriptions, and how to start what works in the background (for subscribers too); `start` answers how to stop it. */
export interface Integrations extends Pick<LabNetwork, 'externalSteps' | 'hook' | 'isCircuitOpen' | 'documentation'> {
  writeHooks: Partial<Record<ServedType, WriteHook>>;
  /** `ownUrl`: where this server is reached on this machine, for the sandbox's webhooks; undefined: nobody is to be told. */
  start(say: (line: string) => void, ownUrl?: string): Promise<() => Promise<void>>;
}

/** The code and naming systems of `mappings/junction/systems.yaml`. */
interface Systems extends JunctionSystems {
  panels: string;
  labTest: string;
  provider: string;
}

export function buildIntegrations(config: Config, profiles: Profiles, parts: LabNetworkParts & SubscribingParts): Integrations {
  const { panels: system, ...systems } = readSystems(profiles);
  const panels = readPanels(config);
  const account: { now: JunctionAccount | undefined } = { now: readAccount(config) };
  const secrets = { now: config.junction.webhookSecrets };
  const door = buildLabNetwork(
    {
      account: () => account.now,
      physicianPath: config.junction.physicianPath,
      table: {
        system,
        panels: panels ?? {},
        labTests: systems.labTest,
        laboratories: systems.provider,
      },
      systems,
      defaults: { labAccount: config.junction.labAccount, longestNote: config.junction.noteLimit },
      unorderable: unorderablePolicy(config),
      results: loadResultMappings(profiles),
      webhookSecrets: () => secrets.now,
    },
    parts,
  );
  const reach = { production: config.production, privateHosts: new Set(config.subscriptionHosts) };
  const subscriptions = buildSubscriptions(reach, parts);
  return {
    writeHooks: { ...door.writeHooks, ...subscriptions.writeHooks },
    documentation: door.documentation,
    externalSteps: door.externalSteps,
    hook: door.hook,
    isCircuitOpen: door.isCircuitOpen,
    async start(say, ownUrl) {
      const sandbox = account.now || config.production ? undefined : await startSandbox({ clock: parts.clock });
      if (sandbox) {
        account.now = { apiKey: sandbox.apiKey, baseUrl: sandbox.url, teamId: sandbox.teamId };
        secrets.now = [...secrets.now, sandbox.state.webhooks.secret];
        sandbox.state.webhooks.url = ownUrl && ownUrl + door.hook.paths[0];
        say(`No JUNCTION_API_KEY: orders go to a SANDBOX on this machine (${sandbox.url}) and to no laboratory.`);
      }
      if (account.now && !secrets.now.length)
        say('No JUNCTION_WEBHOOK_SECRET: nobody can tell what happens to orders; they are asked about instead.');
      if (!account.now) say('No JUNCTION_API_KEY: no order can be sent.');
      if (!panels)
        say('No JUNCTION_PANELS: a ServiceRequest is taken for an order only where it names tests of the laboratory network itself.');
      const stop = startBackgroundWork([...listSubscriptionWork(subscriptions.delivery), ...(account.now ? listOrderWork(door.work) : [])]);
      return async () => {
        await stop();
        await sandbox?.close();
      };
    },
  };
}

function readAccount({ junction: { apiKey, baseUrl, teamId } }: Config): JunctionAccount | undefined {
  return apiKey === undefined ? undefined : { apiKey, baseUrl: resolveJunctionBaseUrl(apiKey, baseUrl), teamId };
}

function readSystems({ definitions }: Profiles): Systems & Record<string, string> {
  const file = join(FOLDER, 'systems.yaml');
  const systems = parse(readFileSync(file, 'utf8')) as Systems & Record<string, string>;
  const unknown = Object.entries(systems).filter(([, url]) => !definitions.has(url));
  if (unknown.length) throw new Error(`${file}: no definition in fhir-profiles/ for ${unknown.map(([name]) => name).join(', ')}`);
  return systems;
}

const FOLDER = join(ROOT, 'mappings', 'junction');

/** The mappings of results, and the table of units. */
export function loadResultMappings(profiles: Profiles): ResultMappings {
  const aliases = readSystems(profiles);
  const inward = (name: string) => loadInboundMapping(join(FOLDER, `${name}.yaml`), { profiles, aliases });
  const units = parse(readFileSync(join(FOLDER, 'units.yaml'), 'utf8')) as Record<string, string>;
  return {
    biomarker: inward('biomarker'),
    report: inward('report'),
    sample: inward('sample'),
    units: new Map(Object.entries(units).map(([unit, ucum]) => [normalizeUnit(unit), ucum])),
    providerSystem: aliases.provider!,
    markerSystem: aliases.biomarker!,
    partSystem: aliases.part!,
  };
}
