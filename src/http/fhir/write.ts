// Writing interactions as HTTP: create, update, delete. What they do stands in src/interactions.
import { conflict, structure } from '../../fhir/outcome.ts';
import { ID } from '../../fhir/types.ts';
import type { Saved } from '../../interactions/context.ts';
import { create as createResource } from '../../interactions/create.ts';
import { remove as removeResource } from '../../interactions/delete.ts';
import { patch as patchResource } from '../../interactions/patch.ts';
import { mayRead } from '../../interactions/scope-filter.ts';
import { shownTo } from '../../interactions/security-context.ts';
import type { Done } from '../../interactions/transaction-entry.ts';
import { update as updateResource } from '../../interactions/update.ts';
import { operationOutcome } from '../middleware/error-handler.ts';
import { binaryDraft, quiet, type SentBinary } from './binary.ts';
import type { FhirAnswer, FhirCall } from './fhir-call.ts';
import { ifMatchOf, onlyNew } from './preconditions.ts';
import { versionFacts } from './read.ts';

/** https://hl7.org/fhir/R4/http.html#create, conditional create: #ccreate */
export async function create(call: FhirCall): Promise<FhirAnswer> {
  const { context, type } = call;
  const ifNoneExist = call.header('if-none-exist');
  const { draft, uploaded } = await draftOf(call);
  const saved = await createResource(context, { type, draft, ...(ifNoneExist !== undefined && { ifNoneExist: criteriaOf(ifNoneExist) }) });
  return written(uploaded ? quiet(call) : call, saved);
}

/** https://hl7.org/fhir/R4/http.html#update */
export async function update(call: FhirCall): Promise<FhirAnswer> {
  const { context, type } = call;
  const conditions = { ...ifMatchOf(call), ...onlyNew(call) };
  const id = newIdOf(call);
  const { uploaded, ...sent } = await draftOf(call);
  return written(uploaded ? quiet(call) : call, await updateResource(context, { type, id, ...sent, ...conditions }));
}

/** What is to be stored. A Binary may come as what it carries. */
const draftOf = async (call: FhirCall): Promise<SentBinary> =>
  call.type === 'Binary' ? binaryDraft(call) : { draft: await call.body.resource(call.type), uploaded: false };

/** https://hl7.org/fhir/R4/http.html#patch */
export async function patch(call: FhirCall): Promise<FhirAnswer> {
  const { context, type, id } = call;
  const condition = ifMatchOf(call);
  return written(call, await patchResource(context, { type, id, change: await call.body.patch(), ...condition }));
}

/** https://hl7.org/fhir/R4/http.html#delete */
export async function remove(call: FhirCall): Promise<FhirAnswer> {
  const { context, type, id } = call;
  const row = await removeResource(context, { type, id, ...ifMatchOf(call) });
  return { status: 204, ...(row && { headers: { ETag: `W/"${row.version}"` }, lastModified: row.lastUpdated }) };
}

/** The criteria of If-None-Exist: the parameters alone, also when a type and a question mark stand in front. */
export const criteriaOf = (header: string): string => header.replace(/^[^?=]*\?/, '');

/** The id in the URL of an update, which may be new. */
export function newIdOf({ id, type }: Pick<FhirCall, 'id' | 'type'>): string {
  if (!ID.test(id)) throw structure('an id has 1 to 64 letters, digits, "-" or "."', `${type}.id`);
  return id;
}

/**
 * The answer to a write, as `Prefer: return=` asks for it. Who may not read the type is never sent the resource: minimal, then, unless only what was done is
 * asked for. https://hl7.org/fhir/R4/http.html#ops
 */
export function written(call: FhirCall, { row, outcome, warnings = [] }: Saved): FhirAnswer {
  const { context, type, method } = call;
  if (row.body === null) throw conflict('this resource was deleted meanwhile');
  const status = outcome === 'created' ? 201 : 200;
  const facts = versionFacts(row);
  const location = `${context.baseUrl}/${type}/${row.id}/_history/${row.version}`;
  const headers = { ...facts.headers, ...(method === 'POST' || outcome === 'created' ? { Location: location } : {}) };
  const answer = { ...facts, status, headers };
  const prefer = /return=(\w+)/.exec(call.header('prefer') ?? '')?.[1];
  if (prefer === 'OperationOutcome') {
    const said = operationOutcome([...warnings, { severity: 'information', code: 'informational', text: outcome }]);
    return { ...answer, body: JSON.stringify(said) };
  }
  if (prefer === 'minimal' || !mayRead(context.caller, type)) return answer;
  return { ...answer, body: shownTo(context.caller)(row).body! };
}

/** The answer to a write that may have been a deletion. */
export function doneAnswer(call: FhirCall, { outcome, row, warnings = [] }: Done): FhirAnswer {
  if (outcome === 'deleted') return { status: 204, ...(row && { headers: { ETag: `W/"${row.version}"` }, lastModified: row.lastUpdated }) };
  if (!row) throw conflict('this resource was deleted meanwhile');
  return written(call, { row, outcome, warnings });
}
