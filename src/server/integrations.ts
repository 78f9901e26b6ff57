// Builds orders and subscriptions from the configuration: the Junction account or the sandbox, and the background work.
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Profiles } from '../fhir/profiles.ts';
import type { ServedType } from '../fhir/types.ts';
import type { WriteHook } from '../interactions/context.ts';
import type { JunctionAccount } from '../junction/account.ts';
import { resolveJunctionBaseUrl } from '../junction/account.ts';
import { startSandbox } from '../junction-sandbox/server.ts';
import { loadInboundMapping } from '../mapping/load/inbound-mapping.ts';
import type { CatalogueSystems } from '../orders/catalogue/catalogue-entry.ts';
import { normalizeUnit } from '../orders/results/biomarker.ts';
import type { Systems as JunctionSystems } from '../orders/systems.ts';
import type { ResultMappings } from '../orders/track/order-tracker.ts';
import { ROOT } from '../root.ts';
import type { SubscriptionDelivery } from '../subscriptions/delivery-context.ts';
import { createSubscriptionWriteHook } from '../subscriptions/write-hook.ts';
import { listOrderWork, listSubscriptionWork, startBackgroundWork } from './background/background-work.ts';
import { readDataFile } from './data-file.ts';
import { buildLabNetwork, type LabNetwork, type LabNetworkParts } from './lab-network.ts';
import { readPanels, unorderablePolicy } from './panels.ts';

/** The external steps and write hooks of orders and subscriptions. `start` starts their background work; call its result to stop. */
export interface Integrations extends Pick<LabNetwork, 'externalSteps' | 'hook' | 'isCircuitOpen' | 'documentation' | 'syncCatalogue'> {
  writeHooks: [ServedType, WriteHook][];
  /** `ownUrl`: the address of this server on this machine, for the webhooks of the sandbox; without it the sandbox sends none. */
  start(print: (line: string) => void, ownUrl?: string): Promise<() => Promise<void>>;
}

/** The code and naming systems of `mappings/junction/systems.yaml`. */
interface Systems extends JunctionSystems, CatalogueSystems {
  panels: string;
}

/** What the composition root provides for the delivery of subscriptions. */
type SubscriptionParts = Omit<SubscriptionDelivery, 'addressPolicy' | 'random'>;

export function buildIntegrations(config: Config, profiles: Profiles, parts: LabNetworkParts & SubscriptionParts): Integrations {
  const { panels: system, ...systems } = readSystems(profiles);
  const panels = readPanels(config);
  const account: { now: JunctionAccount | undefined } = { now: readAccount(config) };
  const secrets = { now: config.junction.webhookSecrets };
  const labNetwork = buildLabNetwork(
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
      signing: { physicians: config.junction.physicians, defaultPhysicians: {} },
      unorderable: unorderablePolicy(config),
      results: loadResultMappings(profiles),
      catalogue: systems,
      webhookSecrets: () => secrets.now,
    },
    parts,
  );
  const addressPolicy = { production: config.production, privateHosts: new Set(config.subscriptionHosts) };
  const delivery: SubscriptionDelivery = { random: Math.random, ...parts, addressPolicy };
  return {
    writeHooks: [...labNetwork.writeHooks, ['Subscription', createSubscriptionWriteHook(addressPolicy)]],
    documentation: labNetwork.documentation,
    externalSteps: labNetwork.externalSteps,
    hook: labNetwork.hook,
    isCircuitOpen: labNetwork.isCircuitOpen,
    syncCatalogue: labNetwork.syncCatalogue,
    async start(print, ownUrl) {
      const sandbox = account.now || config.production ? undefined : await startSandbox({ clock: parts.clock });
      if (sandbox) {
        account.now = { apiKey: sandbox.apiKey, baseUrl: sandbox.url, teamId: sandbox.teamId };
        secrets.now = [...secrets.now, sandbox.state.webhooks.secret];
        sandbox.state.webhooks.url = ownUrl && ownUrl + labNetwork.hook.paths[0];
        print(`No JUNCTION_API_KEY: orders go to a SANDBOX on this machine (${sandbox.url}) and to no laboratory.`);
      }
      if (account.now && !secrets.now.length)
        print('No JUNCTION_WEBHOOK_SECRET: webhooks are refused, and the status of orders is polled instead.');
      if (!account.now) print('No JUNCTION_API_KEY: no order can be sent.');
      if (!panels) print('No JUNCTION_PANELS: a ServiceRequest becomes an order only if it names tests of the lab network itself.');
      const stop = startBackgroundWork([...listSubscriptionWork(delivery), ...(account.now ? listOrderWork(labNetwork.work) : [])]);
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
  const systems = readDataFile<Systems & Record<string, string>>(file);
  const unknown = Object.entries(systems).filter(([, url]) => !definitions.has(url));
  if (unknown.length) throw new Error(`${file}: no definition in fhir-profiles/ for ${unknown.map(([name]) => name).join(', ')}`);
  return systems;
}

const FOLDER = join(ROOT, 'mappings', 'junction');

/** The mappings of results, and the table of units. */
export function loadResultMappings(profiles: Profiles): ResultMappings {
  const aliases = readSystems(profiles);
  const inward = (name: string) => loadInboundMapping(join(FOLDER, `${name}.yaml`), { profiles, aliases });
  const units = readDataFile<Record<string, string>>(join(FOLDER, 'units.yaml'));
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
