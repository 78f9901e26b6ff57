// The resources that a caller's scopes cover, as conditions: the patient compartment of `patient/` scopes, and the queries of scopes such as
// `system/Observation.rs?category=laboratory`. src/store/restricted-store.ts applies them to everything that the caller reads and writes.
// https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#finer-grained-resource-constraints-using-search-parameters

import { findGrants, type Grant, hasRestrictedScope, isRestricted, type Permission, parseSmartScope } from '../fhir/access-scope.ts';
import { buildIndexRows } from '../fhir/indexing/resource-rows.ts';
import { FhirError } from '../fhir/outcome.ts';
import { buildCompartmentCondition } from '../fhir/search/compartment.ts';
import { isTestable, matchesResource } from '../fhir/search/match-resource.ts';
import { type Condition, combineWithOr } from '../fhir/search/query.ts';
import { parseSearch } from '../fhir/search/request.ts';
import { RESULT_PARAMETERS } from '../fhir/search/result-parameters.ts';
import { isServed, type ServedType } from '../fhir/types.ts';
import { parseBody } from '../store/resources/resource-row.ts';
import type { RowAccess } from '../store/restricted-store.ts';
import type { Caller, Context } from './context.ts';

/**
 * The scopes that apply to an interaction, best first. A caller that may only search a type finds its resources by reading, too, and the reverse, so the other
 * scope then says which. If there is neither, the request was refused before, and what the server itself reads and writes is not restricted.
 */
const APPLICABLE: Readonly<Record<Permission, readonly Permission[]>> = { r: ['r', 's'], s: ['s', 'r'], c: ['c'], u: ['u'], d: ['d'] };

/** The access of a caller whose scopes cover only a part of the resources of a type. Undefined: no scope of the caller is restricted. */
export function buildRowAccess(
  { scopes, launchPatient }: Pick<Caller, 'scopes' | 'launchPatient'>,
  { registry, baseUrl }: Pick<Context, 'registry' | 'baseUrl'>,
): RowAccess | undefined {
  if (!hasRestrictedScope(scopes)) return undefined;
  const known = new Map<string, Condition | undefined>();
  const build = (type: ServedType, permission: Permission): Condition | undefined => {
    const [grants = []] = APPLICABLE[permission].map((letter) => findGrants(scopes, type, letter)).filter(({ length }) => length);
    if (!grants.length || !grants.every(isRestricted)) return undefined;
    return combineWithOr(grants.map((grant) => buildGrantCondition(grant, type)));
  };
  const buildGrantCondition = ({ isPatient, query }: Grant, type: ServedType): Condition => {
    const compartment = isPatient ? [buildPatientCondition(type)] : [];
    return { on: 'and', all: [...compartment, ...(query === undefined ? [] : parseScopeQuery(type, query, { registry, baseUrl }))] };
  };
  const buildPatientCondition = (type: ServedType): Condition =>
    (launchPatient !== undefined && buildCompartmentCondition({ type: 'Patient', id: launchPatient }, type, registry)) || { on: 'nothing' };
  const find: RowAccess['find'] = (type, permission) => {
    const key = type + permission;
    if (!known.has(key)) known.set(key, build(type, permission));
    return known.get(key);
  };
  return {
    find,
    covers({ type, id, body, rows }, permission) {
      const condition = find(type, permission);
      if (!condition) return true;
      if (body === null) return false;
      return matchesResource(condition, { type, id, rows: rows ?? buildIndexRows(parseBody(body), registry, [], baseUrl) });
    },
  };
}

/** The conditions of a scope's query. A query that is not supported covers nothing. */
const parseScopeQuery = (type: ServedType, query: string, parts: SearchParts): Condition[] =>
  parseSupportedQuery(type, query, parts) ?? [{ on: 'nothing' }];

type SearchParts = Pick<Context, 'registry' | 'baseUrl'>;

/**
 * Undefined: it is not a search of the type, or it does more than test tokens, references and ids. Fails with 503 while the index of a parameter is being built.
 */
function parseSupportedQuery(type: ServedType, query: string, parts: SearchParts): Condition[] | undefined {
  const parameters = [...new URLSearchParams(query)];
  if (parameters.some(([name]) => Object.hasOwn(RESULT_PARAMETERS, name.split(':')[0]!))) return undefined;
  try {
    const { where } = parseSearch(type, parameters, { ...parts, handling: 'strict' }).query;
    return where.length && where.every(isTestable) ? where : undefined;
  } catch (error) {
    if (error instanceof FhirError && error.kind !== 'unavailable') return undefined;
    throw error;
  }
}

/** Whether the query of a scope, if it has one, is supported: other scopes would cover nothing. */
export function hasSupportedQuery(scope: string, parts: SearchParts): boolean {
  const { type, query } = parseSmartScope(scope) ?? {};
  return query === undefined || (type !== undefined && isServed(type) && parseSupportedQuery(type, query, parts) !== undefined);
}
