// Create, update, patch and delete over HTTP. src/interactions executes them.
import type { InteractionName } from '../../fhir/interactions.ts';
import { conflict, invalidStructure, notSupported } from '../../fhir/outcome.ts';
import { ID_PATTERN } from '../../fhir/types.ts';
import type { WriteResult } from '../../interactions/context.ts';
import { create as createResource } from '../../interactions/create.ts';
import { remove as removeResource } from '../../interactions/delete.ts';
import { patchResource } from '../../interactions/patch.ts';
import { redactFor } from '../../interactions/redaction.ts';
import { canRead } from '../../interactions/scope-filter.ts';
import type { EntryOutcome } from '../../interactions/transaction-entry.ts';
import { update as updateResource } from '../../interactions/update.ts';
import { buildOperationOutcome } from '../middleware/error-handler.ts';
import { type BinaryDraft, preferMinimal, readBinaryDraft } from './binary.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { parseIfMatch, parseIfNoneMatch } from './preconditions.ts';
import { buildVersionFacts } from './read.ts';

/** https://hl7.org/fhir/R4/http.html#create, conditional create: #ccreate */
export async function handleCreate(call: FhirCall): Promise<FhirResponse> {
  const { context, type } = call;
  const ifNoneExist = call.header('if-none-exist');
  const { draft, uploaded } = await readDraft(call);
  const saved = await createResource(context, {
    type,
    draft,
    ...(ifNoneExist !== undefined && { ifNoneExist: parseIfNoneExist(ifNoneExist) }),
  });
  return buildWriteResponse(uploaded ? preferMinimal(call) : call, saved);
}

/** https://hl7.org/fhir/R4/http.html#update */
export async function handleUpdate(call: FhirCall): Promise<FhirResponse> {
  const { context, type } = call;
  const conditions = { ...parseIfMatch(call), ...parseIfNoneMatch(call) };
  const id = checkNewId(call);
  const { uploaded, ...sent } = await readDraft(call);
  return buildWriteResponse(uploaded ? preferMinimal(call) : call, await updateResource(context, { type, id, ...sent, ...conditions }));
}

/** The resource to store. The body of a Binary may be its content. */
const readDraft = async (call: FhirCall): Promise<BinaryDraft> =>
  call.type === 'Binary' ? readBinaryDraft(call) : { draft: await call.body.resource(call.type), uploaded: false };

/** https://hl7.org/fhir/R4/http.html#patch */
export async function handlePatch(call: FhirCall): Promise<FhirResponse> {
  const { context, type, id } = call;
  const condition = parseIfMatch(call);
  return buildWriteResponse(call, await patchResource(context, { type, id, change: await call.body.patch(), ...condition }));
}

/** https://hl7.org/fhir/R4/http.html#delete */
export async function handleDelete(call: FhirCall): Promise<FhirResponse> {
  const { context, type, id } = call;
  const row = await removeResource(context, { type, id, ...parseIfMatch(call) });
  return { status: 204, ...(row && { headers: { ETag: `W/"${row.version}"` }, lastModified: row.lastUpdated }) };
}

/** The parameters that R4 allows for every interaction. https://hl7.org/fhir/R4/http.html#parameters */
const GENERAL_PARAMETERS: ReadonlySet<string> = new Set(['_format', '_pretty', '_summary', '_elements']);

/** Writes without criteria in the URL → what a client that sends criteria must do. */
const CRITERIA_ADVICE: Partial<Record<InteractionName, string>> = {
  create:
    'a create takes no search parameters in the URL: send the criteria of a conditional create in If-None-Exist (in a Bundle: ifNoneExist)',
  update: 'the URL of an update has an id or search parameters, not both',
  patch: 'the URL of a patch has an id or search parameters, not both',
  delete: 'the URL of a delete has an id or search parameters, not both',
};

/**
 * Refuses (400) other parameters in the URL of such a write. If they were ignored, a client that means a conditional create would store a second resource.
 * https://hl7.org/fhir/R4/http.html#ccreate
 */
export function checkWriteParameters(name: InteractionName, query: FhirCall['query']): void {
  const advice = CRITERIA_ADVICE[name];
  if (advice !== undefined && query.some(([parameter]) => !GENERAL_PARAMETERS.has(parameter))) throw notSupported(advice);
}

/** The criteria of If-None-Exist: only the parameters. A leading `Type?` is removed. */
export const parseIfNoneExist = (header: string): string => header.replace(/^[^?=]*\?/, '');

/** The id in the URL of an update. The update may create the resource, so the id must be valid. */
export function checkNewId({ id, type }: Pick<FhirCall, 'id' | 'type'>): string {
  if (!ID_PATTERN.test(id)) throw invalidStructure('an id has 1 to 64 letters, digits, "-" or "."', `${type}.id`);
  return id;
}

/**
 * The response to a write, in the form of `Prefer: return=`. A caller who may not read the type never gets the resource, but a minimal response or an
 * OperationOutcome. https://hl7.org/fhir/R4/http.html#ops
 */
export function buildWriteResponse(call: FhirCall, { row, outcome, warnings = [] }: WriteResult): FhirResponse {
  const { context, type, method } = call;
  if (row.body === null) throw conflict('this resource was deleted in the meantime');
  const status = outcome === 'created' ? 201 : 200;
  const facts = buildVersionFacts(row);
  const location = `${context.baseUrl}/${type}/${row.id}/_history/${row.version}`;
  const headers = { ...facts.headers, ...(method === 'POST' || outcome === 'created' ? { Location: location } : {}) };
  const response = { ...facts, status, headers };
  const prefer = /return=(\w+)/.exec(call.header('prefer') ?? '')?.[1];
  if (prefer === 'OperationOutcome') {
    const operationOutcome = buildOperationOutcome([...warnings, { severity: 'information', code: 'informational', text: outcome }]);
    return { ...response, body: JSON.stringify(operationOutcome), isProcessingOutcome: true };
  }
  if (prefer === 'minimal' || !canRead(context.caller, type)) return response;
  return { ...response, body: redactFor(context.caller)(row).body! };
}

/** The response to a write that may be a delete. */
export function buildEntryResponse(call: FhirCall, { outcome, row, warnings = [] }: EntryOutcome): FhirResponse {
  if (outcome === 'deleted') return { status: 204, ...(row && { headers: { ETag: `W/"${row.version}"` }, lastModified: row.lastUpdated }) };
  if (!row) throw conflict('this resource was deleted in the meantime');
  return buildWriteResponse(call, { row, outcome, warnings });
}
