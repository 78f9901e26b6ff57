// $merge: the record of one patient becomes part of another's, in one transaction. https://hl7.org/fhir/R5/patient-operation-merge.html
// docs/decisions/0033-operations.md
import type { Identifier, Patient } from '@medplum/fhirtypes';
import { businessRule, type Issue, invalid } from '../fhir/outcome.ts';
import { buildPatch } from '../fhir/patch/patch.ts';
import {
  buildMergedSource,
  buildMergedTarget,
  checkResultPatient,
  isMerged,
  isSameIdentifier,
  type StoredPatient,
} from '../fhir/patient-merge.ts';
import { escapeSearchValue } from '../fhir/search/search-value.ts';
import { isServed, type Resource } from '../fhir/types.ts';
import { parseExactBody, type ResourceRow } from '../store/resources/resource-row.ts';
import type { ResourceName } from '../store/search/referrers.ts';
import { findMatches } from './conditional-match.ts';
import type { Context, Draft, PendingWrite } from './context.ts';
import { create } from './create.ts';
import { localizeReferences } from './local-references.ts';
import { buildMovedWrite, findMentions, type Move, moveReferences, storeMoved } from './move-references.ts';
import { checkDraft, toDraft } from './prepare-write.ts';
import { read, requireCurrent } from './read.ts';

/** A patient by id, by identifiers that it must have, or both. `name`: the parameter, for errors. */
export interface PatientSelection {
  name: string;
  id?: string;
  identifiers: Identifier[];
}

export interface MergeRequest {
  source: PatientSelection;
  target: PatientSelection;
  /** The content of the target after the merge. Absent: its own, with the identifiers of the source. */
  result?: Draft;
  /** Nothing is stored. */
  preview: boolean;
  /** Logs an unexpected error after the merge was stored. The response has a warning instead. */
  logFailure(error: unknown): void;
}

/** `result`: the target after the merge; of a preview without a version. */
interface MergeOutcome {
  result: Resource;
  issues: Issue[];
}

/** Ends the transaction of a preview, so that nothing of it is stored. */
class PreviewEnd extends Error {
  readonly outcome: MergeOutcome;

  constructor(outcome: MergeOutcome) {
    super('a preview stores nothing');
    this.outcome = outcome;
  }
}

/** Merges the patients, or shows what a merge would do. Repeated, it only moves the references that were stored since. */
export async function mergePatients(context: Context, request: MergeRequest): Promise<MergeOutcome> {
  if (request.result) await checkDraft(context, request.result, 'Patient');
  const { source, target } = { source: await findPatient(context, request.source), target: await findPatient(context, request.target) };
  if (source === target) throw invalid('source-patient and target-patient must be two patients');
  for (const id of [source, target]) await read(context, { type: 'Patient', id });
  const mentions = await findMentions(context, { type: 'Patient', id: source });
  const warnings = mentions.isComplete ? [] : [INCOMPLETE];
  try {
    const outcome = await context.store.transaction(async (store) => {
      const merged = await mergeInside({ ...context, store }, { ...request, sourceId: source, targetId: target, mentions: mentions.names });
      if (request.preview) throw new PreviewEnd(merged);
      return merged;
    });
    const late = await moveLateReferences(context, toMove(source, target), request.logFailure);
    return { ...outcome, issues: [...outcome.issues, ...late, ...warnings] };
  } catch (error) {
    if (error instanceof PreviewEnd) return { ...error.outcome, issues: [...error.outcome.issues, ...warnings] };
    throw error;
  }
}

/** A tenant with very many resources. */
const INCOMPLETE: Issue = {
  severity: 'warning',
  code: 'incomplete',
  text: 'only references in elements with a search parameter were changed, because the tenant has too many resources to read all of them',
};

/** Moves the references that other requests stored while the transaction ran. The merge is stored by then, so any failure is only a warning. */
async function moveLateReferences(context: Context, move: Move, logFailure: MergeRequest['logFailure']): Promise<Issue[]> {
  try {
    await context.store.transaction((store) => moveReferences({ ...context, store }, move));
    return [];
  } catch (error) {
    logFailure(error);
    return [
      {
        severity: 'warning',
        code: 'incomplete',
        text: 'references that were stored during the merge did not change: repeat it to change them',
      },
    ];
  }
}

const toMove = (source: string, target: string): Move => ({
  from: { type: 'Patient', id: source },
  to: { type: 'Patient', id: target },
});

/** "The server SHALL reject the request if the provided identifiers do not resolve to a single patient record." */
async function findPatient(context: Context, { name, id, identifiers }: PatientSelection): Promise<string> {
  if (id !== undefined) return id;
  if (!identifiers.length) throw invalid(`name the patient by ${name} or ${name}-identifier`, name);
  const criteria = new URLSearchParams(identifiers.map((identifier): [string, string] => ['identifier', toTokenText(identifier)]));
  const rows = await findMatches(context, 'Patient', { criteria: criteria.toString(), count: MAX_SAME });
  if (!rows.length) throw businessRule('no patient has all these identifiers', `${name}-identifier`);
  // a merge copies the identifiers of the source as old: then they name the source
  const current = rows.filter((row) =>
    hasIdentifiers({ identifier: (toPatient(row).identifier ?? []).filter(({ use }) => use !== 'old') }, identifiers),
  );
  const [found, ...others] = current.length ? current : rows;
  if (others.length)
    throw businessRule('more than one patient has these identifiers: name the patient by its reference', `${name}-identifier`);
  return found!.id;
}

/** The most patients with the same identifiers that are compared. */
const MAX_SAME = 20;

const toTokenText = ({ system = '', value = '' }: Identifier): string => `${escapeSearchValue(system)}|${escapeSearchValue(value)}`;

interface MergeInside extends MergeRequest {
  sourceId: string;
  targetId: string;
  /** Resources that may refer to the source by elements that the index does not have. */
  mentions: ResourceName[];
}

async function mergeInside(context: Context, request: MergeInside): Promise<MergeOutcome> {
  const { sourceId, targetId } = request;
  const [sourceRow, targetRow] = await lockPatients(context, sourceId, targetId);
  const [source, target] = [toPatient(sourceRow), toPatient(targetRow)];
  requireIdentifiers(request.source, source);
  requireIdentifiers(request.target, target);
  const wasMerged = isMerged(source, target, context.baseUrl);
  const written = wasMerged ? undefined : await storePatients(context, request, { source: sourceRow, target: targetRow });
  const moved = await moveReferences(context, toMove(sourceId, targetId), request.mentions);
  if (written) await storeProvenance(context, written);
  return {
    result: showResult(written?.target.change.body ?? targetRow.body, request.preview),
    issues: describeMerge(request, { wasMerged, moved }),
  };
}

/** Both are locked in one statement, so that two merges of the same patients run one after the other. */
async function lockPatients(context: Context, source: string, target: string) {
  const rows = await context.store.readForUpdate(
    context.caller.tenant,
    [source, target].map((id) => ({ type: 'Patient', id })),
  );
  const find = (id: string) =>
    requireCurrent(
      rows.find((row) => row.id === id),
      'Patient',
    );
  return [find(source), find(target)] as const;
}

/** The assertion: a stored Patient was validated. */
const toPatient = ({ body }: ResourceRow): StoredPatient => parseExactBody<StoredPatient>(body!);

/** "All of these identifiers MUST be present in the located resource." */
function requireIdentifiers({ name, identifiers }: PatientSelection, { identifier = [] }: Pick<Patient, 'identifier'>): void {
  if (!hasIdentifiers({ identifier }, identifiers))
    throw businessRule('the patient does not have all these identifiers', `${name}-identifier`);
}

const hasIdentifiers = ({ identifier = [] }: Pick<Patient, 'identifier'>, given: Identifier[]): boolean =>
  given.every((one) => identifier.some((member) => isSameIdentifier(member, one)));

interface WrittenPatients {
  source: PendingWrite;
  target: PendingWrite;
}

async function storePatients(
  context: Context,
  request: MergeInside,
  rows: { source: ResourceRow; target: ResourceRow },
): Promise<WrittenPatients> {
  const [source, target] = [toPatient(rows.source), toPatient(rows.target)];
  const written = {
    source: buildMovedWrite(context, {
      ...rows.source,
      previous: rows.source,
      resource: dropNarrative(source, buildMergedSource(source, target, context.baseUrl)),
    }),
    target: buildMovedWrite(context, {
      ...rows.target,
      previous: rows.target,
      resource: buildTarget(context, request, { source, target }),
    }),
  };
  await storeMoved(context, [written.source, written.target]);
  return written;
}

/** A generated narrative would not show the change: it is removed, as by a PATCH. */
const dropNarrative = (before: Resource, after: Resource): Resource => buildPatch(() => after, false)(before);

function buildTarget(
  context: Context,
  { result, target: selection }: MergeInside,
  { source, target }: { source: StoredPatient; target: StoredPatient },
): Resource {
  if (!result) return dropNarrative(target, buildMergedTarget(source, target, context.baseUrl));
  // the assertion: the draft is a valid Patient
  const patient = result.resource as StoredPatient;
  checkResultPatient(patient, source, target, context.baseUrl);
  requireIdentifiers({ ...selection, name: 'result-patient' }, patient);
  return localizeReferences(context, result).exact;
}

/** "A Provenance resource SHOULD be created", if FACET_TYPES does not leave it out. It names the merged version of the source, because references to versions are never moved. */
async function storeProvenance(context: Context, { source, target }: WrittenPatients): Promise<void> {
  if (!isServed('Provenance')) return;
  const provenance: Resource = {
    resourceType: 'Provenance',
    target: [{ reference: `Patient/${target.id}` }, { reference: `Patient/${source.id}/_history/${source.change.version}` }],
    recorded: context.clock().toISOString(),
    activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'merge' }] },
    agent: [{ who: { identifier: { value: context.caller.actor }, display: 'API key' } }],
  };
  await create(context, { type: 'Provenance', draft: toDraft(provenance) });
}

/** A preview was not stored, so it has no version. "The version number and last_modified date would be cleared." */
function showResult(body: string | null, preview: boolean): Resource {
  const { meta, ...elements } = parseExactBody(body!);
  const { versionId, lastUpdated, ...rest } = meta ?? {};
  const shown = preview ? rest : meta;
  return { ...elements, resourceType: 'Patient', ...(shown && Object.keys(shown).length && { meta: shown }) };
}

function describeMerge({ preview, result }: MergeRequest, { wasMerged, moved }: { wasMerged: boolean; moved: number }): Issue[] {
  const done = wasMerged ? 'these patients were merged before' : preview ? 'these patients can be merged' : 'the patients were merged';
  const references = `resources whose references ${preview ? 'would change' : 'changed'} to the target patient: ${moved}`;
  return [
    { severity: 'information', code: 'informational', text: `${done}; ${references}` },
    ...(wasMerged && result
      ? [{ severity: 'warning' as const, code: 'informational', text: 'result-patient was not stored: update the target patient instead' }]
      : []),
  ];
}
