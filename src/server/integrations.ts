// Builds orders and subscriptions from the configuration: the Junction account or the sandbox, and the background work.
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Profiles } from '../fhir/profiles.ts';
import type { ServedType } from '../fhir/types.ts';
import type { SandboxControl } from '../http/admin/sandbox.ts';
import type { WriteHook } from '../interactions/context.ts';
import { loadInboundMapping } from '../mapping/load/inbound-mapping.ts';
import { createAccountDirectory } from '../orders/accounts/account-directory.ts';
import type { CatalogueSystems } from '../orders/catalogue/catalogue-entry.ts';
import { normalizeUnit } from '../orders/results/biomarker.ts';
import type { Systems as JunctionSystems } from '../orders/systems.ts';
import type { ResultMappings } from '../orders/track/order-tracker.ts';
import { ROOT } from '../root.ts';
import type { Database } from '../store/database/database.ts';
import type { SubscriptionDelivery } from '../subscriptions/delivery-context.ts';
import { createSubscriptionWriteHook } from '../subscriptions/write-hook.ts';
import { listOrderWork, listSubscriptionWork, startBackgroundWork } from './background/background-work.ts';
import { readDataFile } from './data-file.ts';
import { describeSandbox, startOwnSandbox } from './development/own-sandbox.ts';
import { createSandboxControl } from './development/sandbox-control.ts';
import { createEnvironmentAccount, describeAccounts } from './environment-account.ts';
import { buildLabNetwork, type LabNetwork, type LabNetworkParts } from './lab-network.ts';
import { usesSandbox } from './panels.ts';
import { openSecretBox } from './secrets-key.ts';

/** The external steps and write hooks of orders and subscriptions. `start` starts their background work; call its result to stop. */
export interface Integrations extends Pick<LabNetwork, 'externalSteps' | 'hook' | 'listCircuits' | 'documentation' | 'syncCatalogue'> {
  writeHooks: [ServedType, WriteHook][];
  /** Undefined: orders may go to a laboratory. */
  sandbox: SandboxControl | undefined;
  /** `ownUrl`: the address of this server on this machine, for the webhooks of the sandbox; without it the sandbox sends none. */
  start(print: (line: string) => void, ownUrl?: string): Promise<() => Promise<void>>;
}

/** The code and naming systems of `mappings/junction/systems.yaml`. */
interface Systems extends JunctionSystems, CatalogueSystems {
  panels: string;
}

/** What the composition root provides for the delivery of subscriptions. */
type SubscriptionParts = Omit<SubscriptionDelivery, 'addressPolicy' | 'random'>;

type IntegrationParts = LabNetworkParts & SubscriptionParts & { database: Database };

export async function buildIntegrations(config: Config, profiles: Profiles, parts: IntegrationParts): Promise<Integrations> {
  const { panels: system, ...systems } = readSystems(profiles);
  const environment = createEnvironmentAccount(config);
  const { database, log } = parts;
  const accounts = createAccountDirectory({ database, environment: environment.find, secrets: openSecretBox(config), log });
  await accounts.refresh();
  const labNetwork = buildLabNetwork(
    {
      accounts,
      tables: { system, labTests: systems.labTest, laboratories: systems.provider },
      systems,
      unorderable: config.strictOrders ? 'refuse' : 'reject',
      results: loadResultMappings(profiles),
      catalogue: systems,
    },
    parts,
  );
  const addressPolicy = { production: config.production, privateHosts: new Set(config.subscriptionHosts) };
  const delivery: SubscriptionDelivery = { random: Math.random, ...parts, addressPolicy };
  const { documentation, externalSteps, hook, listCircuits, syncCatalogue, work } = labNetwork;
  return {
    writeHooks: [...labNetwork.writeHooks, ['Subscription', createSubscriptionWriteHook(addressPolicy)]],
    documentation,
    externalSteps,
    hook,
    listCircuits,
    syncCatalogue,
    sandbox: usesSandbox(config) ? createSandboxControl(() => environment.find()?.junction?.baseUrl) : undefined,
    async start(print, ownUrl) {
      const sandbox = await startOwnSandbox(config, parts.clock);
      if (sandbox) {
        environment.useSandbox(sandbox);
        sandbox.state.webhooks.url = ownUrl && ownUrl + hook.paths[0];
        print(describeSandbox(sandbox));
      }
      for (const line of await describeAccounts(accounts, database)) print(line);
      const stop = startBackgroundWork([...listSubscriptionWork(delivery), ...listOrderWork(work)]);
      return async () => {
        await stop();
        await sandbox?.close();
      };
    },
  };
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
