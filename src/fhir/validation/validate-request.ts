// What a call of $validate asks for: the resource itself or a Parameters resource, and parameters of the URL.
// https://hl7.org/fhir/R4/resource-operation-validate.html

import { isElement } from '../element.ts';
import type { ParsedJson } from '../json.ts';
import { invalid, invalidStructure, notSupported } from '../outcome.ts';
import type { Resource } from '../types.ts';

/** https://hl7.org/fhir/R4/valueset-resource-validation-mode.html */
const MODES = ['create', 'update', 'delete', 'profile'] as const;

export type ValidationMode = (typeof MODES)[number];

/** `profile`: a canonical URL. `resource`: in both readings, of any type; absent where the one that stands is meant. */
export interface ValidateRequest {
  mode?: ValidationMode;
  profile?: string;
  resource?: { plain: Resource; exact: Resource };
}

type NamedParameters = { mode?: unknown; profile?: unknown; resource?: unknown };

const PARAMETERS: readonly string[] = ['resource', 'mode', 'profile'];
/** How a value of each may be written in a Parameters resource. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  mode: ['valueCode', 'valueString'],
  profile: ['valueUri', 'valueCanonical', 'valueString', 'valueUrl'],
  resource: ['resource'],
};
/** Parameters of every request, which say nothing of the validation. */
const ALWAYS = new Set(['_format', '_pretty']);

/** Reads a call. What is asked for twice, or is no parameter of $validate, is refused (400). `body` is absent for a GET. */
export function parseValidateRequest(body: ParsedJson | undefined, query: readonly [string, string][]): ValidateRequest {
  const asked = query.filter(([name]) => !ALWAYS.has(name));
  const inUrl = collectParameters(asked.map(([name, value]) => [name, value]));
  if ('resource' in inUrl) throw invalid('a resource is sent in the body, not in the URL');
  if (body === undefined) return buildValidateRequest(inUrl);
  if (!isElement(body.plain)) throw invalidStructure('the body must be a resource or a Parameters resource: a JSON object');
  if (body.plain.resourceType !== 'Parameters')
    return { ...buildValidateRequest(inUrl), resource: body as { plain: Resource; exact: Resource } };
  const inBody = parseParameters(body as { plain: Resource; exact: Resource });
  const twice = Object.keys(inUrl).find((name) => name in inBody);
  if (twice) throw invalid(`${twice} is said in the URL and in the body: say it once`);
  return buildValidateRequest({ ...inUrl, ...inBody });
}

function buildValidateRequest({ mode, profile, resource }: NamedParameters): ValidateRequest {
  if (mode !== undefined && !MODES.includes(mode as ValidationMode))
    throw invalid(`mode must be one of ${MODES.join(', ')}`, 'Parameters.parameter');
  return {
    ...(mode !== undefined && { mode: mode as ValidationMode }),
    ...(profile !== undefined && { profile: profile as string }),
    ...(resource !== undefined && { resource: resource as { plain: Resource; exact: Resource } }),
  };
}

function parseParameters({ plain, exact }: { plain: Resource; exact: Resource }): NamedParameters {
  const list = plain.parameter ?? [];
  if (!Array.isArray(list)) throw invalidStructure('a list is expected', 'Parameters.parameter');
  return collectParameters(
    list.map((one, at) => parseParameter(one, ((exact.parameter ?? []) as Resource[])[at]!, `Parameters.parameter[${at}]`)),
  );
}

function parseParameter(one: unknown, exact: Resource, where: string): [name: string, value: unknown] {
  if (!isElement(one) || typeof one.name !== 'string') throw invalidStructure('a parameter has a name', where);
  const allowed = PARAMETERS.includes(one.name) ? VALUES[one.name] : undefined;
  if (!allowed) throw buildUnknownParameterError(where);
  const member = allowed.find((name) => one[name] !== undefined);
  if (member === undefined) throw invalidStructure(`${one.name} needs ${allowed[0]}`, where);
  if (member !== 'resource') return [one.name, readText(one[member], where)];
  if (!isElement(one.resource)) throw invalidStructure('a resource is a JSON object', `${where}.resource`);
  return [one.name, { plain: one.resource, exact: exact.resource }];
}

function readText(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw invalidStructure('a text is expected', where);
  return value;
}

function collectParameters(pairs: [name: string, value: unknown][]): NamedParameters {
  const found: Record<string, unknown> = {};
  for (const [name, value] of pairs) {
    if (!PARAMETERS.includes(name)) throw buildUnknownParameterError();
    if (name in found) throw invalid(`${name} may be given once`);
    found[name] = value;
  }
  return found;
}

const buildUnknownParameterError = (where?: string) => notSupported(`the parameters of $validate are ${PARAMETERS.join(', ')}`, where);
