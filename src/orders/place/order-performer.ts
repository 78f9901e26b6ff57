// Who performs an order, and how its sample is collected: the laboratory account and the collection method. The account is that of the request's performer, otherwise
// the default of the tenant's account at the lab network. The method is that of the extension or of locationCode, otherwise the default method of the test.
// https://docs.junction.com/lab/overview/lab-accounts, https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.locationCode

import { validate as isUuid } from 'uuid';
import { isObject, toList } from '../../fhir/json-values.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { COLLECTION_METHODS, type CollectionMethod, TEST_KIT } from '../../junction/collection-methods.ts';
import type { LabAccount } from '../accounts/lab-account.ts';
import type { Systems } from '../systems.ts';
import { findReferenced, findReferencedType, listReferences, type Reference, readReferenced } from './references.ts';
import { combineResults, invalid, type ValidationResult } from './validation-result.ts';

/** `system`: the identifier system of accounts at laboratories. The other fields are those of the tenant's account at the lab network. */
interface LabAccountRules extends Pick<LabAccount, 'defaultLabAccount' | 'allowedLabAccounts'> {
  system: string;
}

/** Undefined: the lab network selects an account. */
export async function readLabAccount(
  context: Context,
  request: Resource,
  { system, defaultLabAccount, allowedLabAccounts: allowed }: LabAccountRules,
): Promise<ValidationResult<string | undefined>> {
  const performers = listReferences(request, 'performer');
  const result = combineResults(
    await Promise.all(performers.map(([path, reference]) => readPerformerAccount(context, { request, path, reference, system }))),
  );
  if (!('value' in result)) return result;
  const accounts = [...new Set(result.value)];
  if (accounts.length > 1) return invalid('an order can have only one laboratory account', 'ServiceRequest.performer');
  const [account] = accounts;
  if (account !== undefined && allowed && !allowed.includes(account)) return invalid(UNLISTED_ACCOUNT_TEXT, 'ServiceRequest.performer');
  return { value: account ?? defaultLabAccount };
}

const UNLISTED_ACCOUNT_TEXT =
  "the performer's account at the laboratory is not one of this tenant's accounts: leave the performer out, or let the operator of this server add the account (facet accounts update)";

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
  const referenced = await readReferenced(context, request, { path, reference, what: 'the performer of an order' });
  if (!('value' in referenced)) return referenced;
  const found = referenced.value;
  const ids = found.resourceType === 'Organization' ? listAccountIds(found, system) : [];
  if (ids.length && ids.every(isUuid)) return { value: ids };
  return invalid(
    `the performer of an order must be an Organization with an account at the lab network (identifier ${system}, a UUID): otherwise leave it out`,
    path,
    ...(found.resourceType === 'Organization' ? ['Organization.identifier'] : []),
  );
}

const listAccountIds = (organization: Resource, accountSystem: string): string[] =>
  (toTyped('Organization', organization).identifier ?? []).flatMap(({ system, value }) => (system === accountSystem && value ? value : []));

/** Undefined: the default method of the test. */
export function readCollectionMethod(
  request: Resource,
  systems: Systems,
): ValidationResult<CollectionMethod | typeof TEST_KIT | undefined> {
  const methods = findCollectionMethods(request, systems);
  const [method] = methods;
  if (methods.length > 1) return invalid('an order can have only one collection method', findMethodPath(request, systems));
  if (method !== undefined && isCollectionMethod(method)) return { value: method };
  if (method === TEST_KIT) return { value: method };
  if (method !== undefined)
    return invalid(
      `the collection method of an order must be ${COLLECTION_METHODS.join(', ')} or ${TEST_KIT}: leave it out for the default of the test`,
      findMethodPath(request, systems),
    );
  const place = ['locationCode', 'locationReference'].find((element) => request[element] !== undefined);
  if (place === undefined) return { value: undefined };
  return invalid(
    `a location cannot be sent to the laboratory network: state how the sample is taken (extension ${systems.collectionMethod})`,
    `ServiceRequest.${place}`,
  );
}

/** The methods of the extension and of `locationCode`, without duplicates. */
export function findCollectionMethods(request: Resource, systems: Systems): string[] {
  const { extension = [], locationCode = [] } = toTyped('ServiceRequest', request);
  const own = extension.filter(({ url }) => url === systems.collectionMethod);
  const codings = locationCode.flatMap(({ coding = [] }) => coding);
  const places = codings.flatMap(({ system, code }) => (system === systems.collectionMethods && code ? code : []));
  return [...new Set([...own.map(({ valueCode = '' }) => valueCode), ...places])];
}

const isCollectionMethod = (text: string): text is CollectionMethod => COLLECTION_METHODS.some((method) => method === text);

/** The path of the element that states the method. */
export const findMethodPath = ({ extension }: Resource, { collectionMethod: url }: Systems): string =>
  toList(extension).some((item) => isObject(item) && item.url === url)
    ? `ServiceRequest.extension.where(url='${url}')`
    : 'ServiceRequest.locationCode';
