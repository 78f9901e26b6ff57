// $meta, $meta-add and $meta-delete over HTTP. https://hl7.org/fhir/R4/resource-operations.html
import { stringifyJson } from '../../fhir/json.ts';
import { changeMeta, checkMetaInput, META_CHANGES } from '../../fhir/meta.ts';
import { readOperationParameters } from '../../fhir/operation-parameters.ts';
import { notSupported } from '../../fhir/outcome.ts';
import { buildParameters } from '../../fhir/parameters.ts';
import { buildPatch } from '../../fhir/patch/patch.ts';
import { patchResource } from '../../interactions/patch.ts';
import { read, vread } from '../../interactions/read.ts';
import { canRead } from '../../interactions/scope-filter.ts';
import { parseExactBody, type ResourceRow } from '../../store/resources/resource-row.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';
import { parseIfMatch } from './preconditions.ts';
import { buildVersionFacts } from './read.ts';

/** GET and POST [type]/[id]/$meta. https://hl7.org/fhir/R4/resource-operation-meta.html */
export async function handleMeta(call: FhirCall): Promise<FhirResponse> {
  refuseParameters(call);
  if (call.method === 'POST') readOperationParameters('$meta', {}, { body: await call.body.parameters() });
  return buildMetaResponse(await read(call.context, call));
}

/** GET [type]/[id]/_history/[version]/$meta: "can be performed on a historical version". */
export async function handleMetaOfVersion(call: FhirCall): Promise<FhirResponse> {
  refuseParameters(call);
  return buildMetaResponse(await vread(call.context, call));
}

export const handleMetaAdd = (call: FhirCall): Promise<FhirResponse> => handleMetaChange(call, '$meta-add', META_CHANGES.add);
export const handleMetaDelete = (call: FhirCall): Promise<FhirResponse> => handleMetaChange(call, '$meta-delete', META_CHANGES.delete);

/**
 * A changed meta is a new version, as by PATCH; a meta that stays the same is none. Earlier drafts of FHIR changed it without a new version. R4's definition does
 * not say so, and ETags, subscriptions and the history rely on a version that never changes. docs/decisions/0033-operations.md
 */
async function handleMetaChange(
  call: FhirCall,
  name: '$meta-add' | '$meta-delete',
  change: (typeof META_CHANGES)[keyof typeof META_CHANGES],
): Promise<FhirResponse> {
  const { context, type, id } = call;
  refuseParameters(call);
  const condition = parseIfMatch(call);
  const input = readOperationParameters(name, { meta: { type: 'Meta', required: true } }, { body: await call.body.json() });
  const { plain, exact, where } = input.values('meta')[0]!;
  checkMetaInput(plain, where!);
  const patch = buildPatch((resource) => changeMeta(resource, exact, change), false);
  const { row } = await patchResource(context, { type, id, change: patch, ...condition });
  return canRead(context.caller, type) ? buildMetaResponse(row) : { status: 200, ...buildVersionFacts(row) };
}

/** A Meta is not a resource, so it is a parameter of the response. https://hl7.org/fhir/R4/operations.html#response */
function buildMetaResponse(row: ResourceRow): FhirResponse {
  const { meta } = parseExactBody(row.body!);
  const body = stringifyJson(buildParameters([{ name: 'return', valueMeta: meta }]));
  return { status: 200, ...buildVersionFacts(row), body };
}

function refuseParameters({ query }: FhirCall): void {
  const other = query.filter((parameter) => !isFormatParameter(parameter));
  if (other.length) throw notSupported('this operation takes no parameters in the URL but _format and _pretty');
}
