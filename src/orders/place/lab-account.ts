// The laboratory account of an order: that of the request's performer, otherwise the configured one (JUNCTION_LAB_ACCOUNT_ID).
// https://docs.junction.com/lab/overview/lab-accounts

import { validate as isUuid } from 'uuid';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { findReferenced, findReferencedType, listReferences, type Reference, readReferenced } from './references.ts';
import { combineResults, invalid, type ValidationResult } from './validation-result.ts';

/** Undefined: the lab network selects an account. `system`: the identifier system of accounts. `standard`: the configured account. */
export async function readLabAccount(
  context: Context,
  request: Resource,
  { system, standard }: { system: string; standard: string | undefined },
): Promise<ValidationResult<string | undefined>> {
  const performers = listReferences(request, 'performer');
  const said = combineResults(
    await Promise.all(performers.map(([path, reference]) => readPerformerAccount(context, { request, path, reference, system }))),
  );
  if (!('value' in said)) return said;
  const accounts = [...new Set(said.value)];
  if (accounts.length > 1) return invalid('an order can have only one laboratory account', 'ServiceRequest.performer');
  return { value: accounts[0] ?? standard };
}

/** The path of a performer that is another laboratory: an Organization that has no account at the lab network, or is not stored on this server. */
export async function findOtherLaboratory(context: Context, request: Resource, system: string): Promise<string | undefined> {
  for (const [path, reference] of listReferences(request, 'performer')) {
    if ((findReferencedType(request, reference) ?? 'Organization') !== 'Organization') continue;
    const found = await findReferenced(context, request, reference);
    if (found?.resourceType !== 'Organization' || !listAccountIds(found, system).length) return path;
  }
  return undefined;
}

async function readPerformerAccount(
  context: Context,
  { request, path, reference, system }: { request: Resource; path: string; reference: Reference; system: string },
): Promise<ValidationResult<string[]>> {
  const told = await readReferenced(context, request, { path, reference, what: 'the performer of an order' });
  if (!('value' in told)) return told;
  const found = told.value;
  const ids = found.resourceType === 'Organization' ? listAccountIds(found, system) : [];
  if (ids.length && ids.every(isUuid)) return { value: ids };
  return invalid(
    `the performer of an order must be an Organization with an account at the lab network (identifier ${system}, a UUID): otherwise leave it out`,
    path,
    ...(found.resourceType === 'Organization' ? ['Organization.identifier'] : []),
  );
}

const listAccountIds = (organization: Resource, wanted: string): string[] =>
  (toTyped('Organization', organization).identifier ?? []).flatMap(({ system, value }) => (system === wanted && value ? value : []));
