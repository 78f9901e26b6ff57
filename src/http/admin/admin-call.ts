// One request to the administration below /admin: who sends it, its tenant, and the fields of its body.
import type { Administration } from '../../administration/administration.ts';
import { ADMIN_SURFACE } from '../../administration/key-surfaces.ts';
import { findTenantBySlug } from '../../administration/tenants.ts';
import { formatSuggestion } from '../../fhir/closest-name.ts';
import { isObject } from '../../fhir/json-values.ts';
import { forbidden, invalid, invalidParameter, invalidStructure, notFound } from '../../fhir/outcome.ts';
import type { Caller } from '../../interactions/context.ts';
import { findTenant, type Tenant } from '../../store/tenants.ts';

export interface AdminCall {
  administration: Administration;
  caller: Caller;
  /** The parameters of the path. */
  path: Record<string, string>;
  query: [name: string, value: string][];
  idempotencyKey: string | undefined;
  /** The JSON of the body; undefined if it is empty. */
  readBody(): Promise<unknown>;
}

interface AdminResponse {
  status: number;
  headers?: Record<string, string>;
  body?: object;
}

export type AdminHandler = (call: AdminCall) => Promise<AdminResponse>;

/** The texts of a body. Another field is refused. A list of texts is joined by spaces. */
export async function readFields<Name extends string>(call: AdminCall, names: readonly Name[]): Promise<Partial<Record<Name, string>>> {
  const body = (await call.readBody()) ?? {};
  if (!isObject(body)) throw invalidStructure('the body must be a JSON object');
  const fields: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries(body)) {
    if (!names.includes(name as Name))
      throw invalid(`${name} is not a field of this request${formatSuggestion(name, [...names])}: it has ${names.join(', ')}`);
    const text = Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join(' ') : value;
    if (text !== null && typeof text !== 'string') throw invalid(`${name} must be a text`, name);
    // type assertion: checked above
    if (text !== null) fields[name as Name] = text;
  }
  return fields;
}

/** The parameters of the query. Another one is refused, and so is a repeated one. */
export function readParameters<Name extends string>({ query }: AdminCall, names: readonly Name[]): Partial<Record<Name, string>> {
  for (const [name] of query) {
    if (!names.includes(name as Name))
      throw invalidParameter(`${name} is not a parameter of this path: it has ${names.join(' and ')}`, name);
    if (query.filter(([other]) => other === name).length > 1) throw invalidParameter(`${name} may occur only once`, name);
  }
  // type assertion: checked above
  return Object.fromEntries(query) as Partial<Record<Name, string>>;
}

/** Where a request may name its tenant. `parameters`: those of the query, if the path has others than `tenant`. */
interface NamedTenant {
  inBody?: string | undefined;
  parameters?: { tenant?: string };
}

/** The tenant of a request: that of an administrator's key, or the one that an operator names. Another tenant does not exist for an administrator. */
export async function findTenantOf(
  call: AdminCall,
  { inBody, parameters = readParameters(call, ['tenant']) }: NamedTenant = {},
): Promise<Tenant> {
  const { administration, caller } = call;
  if (inBody !== undefined && parameters.tenant !== undefined && inBody !== parameters.tenant)
    throw invalidParameter('the tenant of the URL is not the tenant of the body: name it once', 'tenant');
  const slug = inBody ?? parameters.tenant;
  if (caller.surface !== ADMIN_SURFACE) {
    if (slug === undefined) throw invalidParameter('an operator must name the tenant: ?tenant=<name>', 'tenant');
    return findTenantBySlug(administration, slug);
  }
  const own = await findTenant(administration.database, { id: caller.tenant });
  if (!own || (slug !== undefined && slug !== own.slug)) throw notFound('there is no tenant with this name');
  return own;
}

/** Refuses (403) a tenant's administrator. */
export function requireOperator({ caller }: AdminCall): void {
  if (caller.surface === ADMIN_SURFACE)
    throw forbidden("this needs an operator's key: create one on the server with facet keys create --operator");
}
