// The laboratory's account that an order is placed under: of the organisation that is to perform it, else the installation's.
// https://docs.junction.com/lab/overview/lab-accounts
import { validate as isUuid } from 'uuid';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { linked, type Reference, referencesIn, referred, typeBehind } from './linked.ts';
import { type Said, together, wrong } from './validation-result.ts';

/** Undefined: the network looks for one. `system`: of the accounts' ids; `standard`: of the installation. */
export async function labAccount(
  context: Context,
  request: Resource,
  { system, standard }: { system: string; standard: string | undefined },
): Promise<Said<string | undefined>> {
  const performers = referencesIn(request, 'performer');
  const said = together(await Promise.all(performers.map(([path, reference]) => accountOf(context, { request, path, reference, system }))));
  if (!('says' in said)) return said;
  const accounts = [...new Set(said.says)];
  if (accounts.length > 1) return wrong('an order is placed under one account of a laboratory', 'ServiceRequest.performer');
  return { says: accounts[0] ?? standard };
}

/** The performer that is another laboratory: an organization without an account at the network, or one that is known by words or elsewhere alone. */
export async function performerElsewhere(context: Context, request: Resource, system: string): Promise<string | undefined> {
  for (const [path, reference] of referencesIn(request, 'performer')) {
    if ((typeBehind(request, reference) ?? 'Organization') !== 'Organization') continue;
    const found = await linked(context, request, reference);
    if (found?.resourceType !== 'Organization' || !idsIn(found, system).length) return path;
  }
  return undefined;
}

async function accountOf(
  context: Context,
  { request, path, reference, system }: { request: Resource; path: string; reference: Reference; system: string },
): Promise<Said<string[]>> {
  const told = await referred(context, request, { path, reference, what: 'the performer of an order' });
  if (!('says' in told)) return told;
  const found = told.says;
  const ids = found.resourceType === 'Organization' ? idsIn(found, system) : [];
  if (ids.length && ids.every(isUuid)) return { says: ids };
  return wrong(
    `the performer of an order is an Organization with an account at the laboratory network (identifier ${system}, a UUID): else leave it out`,
    path,
    ...(found.resourceType === 'Organization' ? ['Organization.identifier'] : []),
  );
}

const idsIn = ({ identifier }: Resource, wanted: string): string[] =>
  ((identifier ?? []) as { system?: string; value?: string }[]).flatMap(({ system, value }) => (system === wanted && value ? value : []));
