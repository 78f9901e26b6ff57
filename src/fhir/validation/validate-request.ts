// Parses a call of $validate: a resource or a Parameters resource in the body, and parameters in the URL.
// https://hl7.org/fhir/R4/resource-operation-validate.html

import type { ParsedJson } from '../json.ts';
import { isElement, readMember, toList } from '../json-values.ts';
import { invalid, invalidStructure, notSupported } from '../outcome.ts';
import { type ParsedResource, toParsedResource } from '../types.ts';

/** https://hl7.org/fhir/R4/valueset-resource-validation-mode.html */
const MODES = ['create', 'update', 'delete', 'profile'] as const;

export type ValidationMode = (typeof MODES)[number];

/** `profile`: a canonical URL. `resource`: of any type. Absent: the stored resource. */
export interface ValidateRequest {
  mode?: ValidationMode;
  profile?: string;
  resource?: ParsedResource;
}

type NamedParameters = { mode?: unknown; profile?: unknown; resource?: ParsedResource };

const PARAMETERS: readonly string[] = ['resource', 'mode', 'profile'];
/** Parameter → the elements that its value may have in a Parameters resource. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  mode: ['valueCode', 'valueString'],
  profile: ['valueUri', 'valueCanonical', 'valueString', 'valueUrl'],
  resource: ['resource'],
};
/** Parameters that every request may have. */
const ALWAYS = new Set(['_format', '_pretty']);

/** Parses a call. Repeated and unknown parameters are refused (400). `body`: absent for GET. */
export function parseValidateRequest(body: ParsedJson | undefined, query: readonly [string, string][]): ValidateRequest {
  const parameters = query.filter(([name]) => !ALWAYS.has(name));
  const inUrl = collectParameters(parameters.map(([name, value]) => [name, value]));
  if ('resource' in inUrl) throw invalid('a resource is sent in the body, not in the URL');
  if (body === undefined) return buildValidateRequest(inUrl);
  if (!isElement(body.plain)) throw invalidStructure('the body must be a resource or a Parameters resource: a JSON object');
  if (body.plain.resourceType !== 'Parameters') return { ...buildValidateRequest(inUrl), resource: toParsedResource(body) };
  const inBody = parseParameters(body);
  const twice = Object.keys(inUrl).find((name) => name in inBody);
  if (twice) throw invalid(`${twice} is in the URL and in the body: send it once`);
  return buildValidateRequest({ ...inUrl, ...inBody });
}

function buildValidateRequest({ mode, profile, resource }: NamedParameters): ValidateRequest {
  const known = MODES.find((candidate) => candidate === mode);
  if (mode !== undefined && known === undefined) throw invalid(`mode must be one of ${MODES.join(', ')}`, 'Parameters.parameter');
  return {
    ...(known !== undefined && { mode: known }),
    ...(typeof profile === 'string' && { profile }),
    ...(resource !== undefined && { resource }),
  };
}

function parseParameters({ plain, exact }: ParsedJson): NamedParameters {
  const list = readMember(plain, 'parameter') ?? [];
  if (!Array.isArray(list)) throw invalidStructure('a list is expected', 'Parameters.parameter');
  return collectParameters(
    list.map((parameter, at) => parseParameter(parameter, toList(readMember(exact, 'parameter'))[at], `Parameters.parameter[${at}]`)),
  );
}

function parseParameter(parameter: unknown, exact: unknown, where: string): [name: string, value: string | ParsedResource] {
  if (!isElement(parameter) || typeof parameter.name !== 'string') throw invalidStructure('a parameter has a name', where);
  const allowed = PARAMETERS.includes(parameter.name) ? VALUES[parameter.name] : undefined;
  if (!allowed) throw buildUnknownParameterError(where);
  const member = allowed.find((name) => parameter[name] !== undefined);
  if (member === undefined) throw invalidStructure(`${parameter.name} needs ${allowed[0]}`, where);
  if (member !== 'resource') return [parameter.name, readText(parameter[member], where)];
  if (!isElement(parameter.resource)) throw invalidStructure('a resource is a JSON object', `${where}.resource`);
  return [parameter.name, toParsedResource({ plain: parameter.resource, exact: readMember(exact, 'resource') })];
}

function readText(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw invalidStructure('a text is expected', where);
  return value;
}

function collectParameters(pairs: [name: string, value: string | ParsedResource][]): NamedParameters {
  const found: Record<string, string | ParsedResource> = {};
  for (const [name, value] of pairs) {
    if (!PARAMETERS.includes(name)) throw buildUnknownParameterError();
    if (name in found) throw invalid(`${name} may be given once`);
    found[name] = value;
  }
  return found;
}

const buildUnknownParameterError = (where?: string) => notSupported(`the parameters of $validate are ${PARAMETERS.join(', ')}`, where);
