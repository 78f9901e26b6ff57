// $diff over HTTP: GET [type]/[id]/$diff?from=1&to=3. The response can be sent as the body of a PATCH.
import { stringifyJson } from '../../fhir/json.ts';
import { invalid, notSupported } from '../../fhir/outcome.ts';
import { diffVersions } from '../../interactions/diff.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';

const PARAMETERS = ['from', 'to'] as const;

export async function handleDiff(call: FhirCall): Promise<FhirResponse> {
  const { context, type, id, query } = call;
  const parameters = query.filter((parameter) => !isFormatParameter(parameter));
  if (parameters.some(([name]) => !PARAMETERS.some((known) => known === name)))
    throw notSupported('$diff takes from and to: the ids of two versions');
  const [from, to] = PARAMETERS.map((name) => readVersion(parameters, name));
  return { status: 200, body: stringifyJson(await diffVersions(context, { type, id, ...from, ...to })) };
}

function readVersion(parameters: [string, string][], name: 'from' | 'to'): { from?: string; to?: string } {
  const [value, ...others] = parameters.flatMap(([parameter, text]) => (parameter === name ? text : []));
  if (others.length) throw invalid(`${name} may occur only once`);
  if (value === undefined) return {};
  if (!/^[1-9]\d{0,8}$/.test(value)) throw invalid(`${name} must be the id of a version: a whole number above 0`);
  return { [name]: value };
}
