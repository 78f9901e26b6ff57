// $validate: lists the issues of a resource without storing it. https://hl7.org/fhir/R4/resource-operation-validate.html
import { FhirError, type Issue, invalid, issue } from '../fhir/outcome.ts';
import { checkCoreExtensions } from '../fhir/profile/core-extensions.ts';
import type { ServedType } from '../fhir/types.ts';
import { validateResource } from '../fhir/validation/validate.ts';
import type { ValidateRequest, ValidationMode } from '../fhir/validation/validate-request.ts';
import { parseExactBody } from '../store/resources/resource-row.ts';
import { type Context, type Draft, findWriteHooks, type PendingWrite, type WriteHook } from './context.ts';
import { buildPendingWrite, toDraft } from './prepare-write.ts';
import { checkProfiles } from './profile-checks.ts';
import { read } from './read.ts';

/** `id`: the id in the URL. */
interface Validation extends ValidateRequest {
  type: ServedType;
  id?: string;
}

/** The most issues in one response. */
const MAX_ISSUES = 500;

const METHODS = { create: 'POST', update: 'PUT', delete: 'DELETE' } as const;

/** All issues, errors first; empty for a valid resource. Throws if the request itself is invalid (400) or the resource does not exist (404, 410). */
export async function collectIssues(context: Context, validation: Validation): Promise<Issue[]> {
  const { type, mode, profile } = validation;
  refuseInvalidRequest(validation);
  const draft = await readDraft(context, validation);
  if (mode === 'delete') return checkWriteHooks(context, validation, undefined);
  const against = await checkProfiles(context, draft.resource, profile);
  const structure = validateResource(draft.resource, type, MAX_ISSUES);
  const extensions = structure.length ? [] : checkCoreExtensions(draft.resource);
  const issues = [...structure, ...extensions, ...checkId(validation, draft), ...against].slice(0, MAX_ISSUES);
  const failed = issues.some(({ severity }) => severity === 'error' || severity === 'fatal');
  const accepted = mode === undefined || mode === 'profile' || failed ? [] : await checkWriteHooks(context, validation, draft);
  return [...issues, ...accepted].sort((a, b) => RANKS[a.severity] - RANKS[b.severity]);
}

const RANKS = { fatal: 0, error: 1, warning: 2, information: 3 } as const;

/** The rules of the specification for each mode. */
function refuseInvalidRequest({ mode, id, profile, resource }: Validation): void {
  if (mode === 'delete' && id === undefined) throw invalid('mode delete validates one stored resource: use [type]/[id]/$validate');
  if (mode === 'profile' && (id === undefined || resource !== undefined))
    throw invalid('mode profile validates a stored resource: use [type]/[id]/$validate, without a resource in the body');
  if (mode === 'profile' && profile === undefined) throw invalid('mode profile needs the parameter profile');
  if (id === undefined && resource === undefined) throw invalid('send the resource to validate');
}

/** The resource in the request, or the stored one (404 or 410 if there is none). */
async function readDraft(context: Context, { type, id, mode, resource }: Validation): Promise<Draft> {
  if (resource && mode !== 'delete') return { resource: resource.plain, exact: resource.exact };
  const { body } = await read(context, { type, id: id! });
  return toDraft(parseExactBody(body));
}

/** The resource of an update must have an id, the same as in the URL. https://hl7.org/fhir/R4/http.html#update */
function checkId({ type, id, mode }: Validation, { resource }: Draft): Issue[] {
  if (mode !== 'update') return [];
  if (resource.id === undefined) return [issue('required', 'an update needs the id of the resource', `${type}.id`)];
  return id === undefined || resource.id === id ? [] : [issue('value', 'the id in the body must be the id in the URL', `${type}.id`)];
}

/** The errors and warnings of the write hooks. Nothing is written. */
async function checkWriteHooks(context: Context, { type, id, mode }: Validation, draft: Draft | undefined): Promise<Issue[]> {
  if (!context.writeHooks.get(type)?.length) return [];
  const target = mode === 'create' ? context.newId() : (id ?? draft!.resource.id!);
  return context.store.transaction(async (store) => {
    const inside = { ...context, store };
    const previous = await store.read(context.caller.tenant, type, target);
    // `collectIssues` does not call this function in mode profile, or without a mode
    const method = METHODS[mode as Exclude<ValidationMode, 'profile'>];
    const write = buildPendingWrite(inside, { type, id: target, method, ...(draft && { draft }), ...(previous && { previous }) });
    const issues: Issue[] = [];
    for (const hook of findWriteHooks(inside, type, write)) issues.push(...(await collectHookIssues(hook, inside, write)));
    return issues;
  });
}

/** The errors and warnings of one write hook. */
async function collectHookIssues(hook: WriteHook, context: Context, write: PendingWrite): Promise<Issue[]> {
  try {
    await hook.check?.(context, write, [write]);
    return (await hook.warnings?.(context, write)) ?? [];
  } catch (error) {
    if (error instanceof FhirError) return error.issues;
    throw error;
  }
}
