// The erasure of a patient: the record with all versions, and everything that the database has about it, in one transaction. docs/decisions/0054-erasure.md
import { hash } from '../fhir/hash.ts';
import { buildIndexRows } from '../fhir/indexing/resource-rows.ts';
import { findAttachedBinaryIds } from '../fhir/links.ts';
import { RECORD_PARAMETERS } from '../fhir/search/everything.ts';
import { findReferenceParameter } from '../fhir/search/reference-parameter.ts';
import type { Context } from '../interactions/context.ts';
import type { Database } from '../store/database/database.ts';
import {
  addCounts,
  deletePatientAccess,
  deleteResources,
  deleteTraces,
  deleteVersions,
  findMentionedElsewhere,
  findOpenOrders,
  findReferring,
  findStored,
  findVersionsWith,
  lockResource,
  lockResources,
  type MatchedResource,
  type RowCounts,
  readBodiesWith,
  type StoredResource,
} from '../store/erasure.ts';
import { parseBody } from '../store/resources/resource-row.ts';
import type { Tenant } from '../store/tenants.ts';
import { type Administration, record } from './administration.ts';
import { AdministrationError } from './administration-error.ts';

interface ErasureRequest {
  tenant: Tenant;
  patient: string;
  /** Only counts. */
  isDryRun: boolean;
  /** Stores the audit event, in the transaction. `count`: the number of erased resources. */
  audit(transaction: Database, count: number): Promise<void>;
}

export interface Erasure {
  /** Type → the number of resources that were erased. */
  resources: RowCounts;
  /** Table → the number of rows. */
  rows: RowCounts;
  /** Type/id of resources that are kept although they refer to the patient: they belong to others, too. */
  kept: string[];
  /** Past versions of kept resources whose current version does not refer to the patient any more. */
  versions: number;
}

/** Resources of these types belong to others although they refer to a patient. */
const SHARED_TYPES: ReadonlySet<string> = new Set(['Patient', 'Group']);
/** Resources of these types are not in the compartment, but have a patient's data if they refer to that patient alone. */
const CONTAINER_TYPES: ReadonlySet<string> = new Set(['Bundle', 'Binary']);
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const ANY_PATIENT = /\bPatient\/([A-Za-z0-9\-.]{1,64})/g;

/** How often the database is searched again for what other writers stored meanwhile. */
const MAX_PASSES = 3;

/**
 * Erases, or counts in a transaction that is rolled back. Each transaction erases completely or not at all. A patient of whom nothing is stored is not an
 * error, so that a command can be repeated.
 */
export async function erasePatient(administration: Administration, request: ErasureRequest): Promise<Erasure> {
  if (!ID.test(request.patient)) throw new AdministrationError('invalid', 'the patient is named by its type and id: Patient/<id>');
  const pass = () => administration.database.transaction((transaction) => eraseIn(transaction, administration, request));
  if (request.isDryRun) return countOnly(administration, request);
  let erasure = await pass();
  for (let passes = 1, found = erasure; !isEmpty(found) && passes < MAX_PASSES; passes++) {
    found = await pass();
    erasure = addErasures(erasure, found);
  }
  return erasure;
}

/** The same statements, rolled back. */
async function countOnly(administration: Administration, request: ErasureRequest): Promise<Erasure> {
  let erasure: Erasure | undefined;
  const rollback = new Error('a dry run is rolled back');
  await administration.database
    .transaction(async (transaction) => {
      erasure = await eraseIn(transaction, administration, request);
      throw rollback;
    })
    .catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
  return erasure!;
}

const isEmpty = ({ rows }: Erasure): boolean => Object.values(rows).every((count) => count === 0);

const addErasures = (one: Erasure, other: Erasure): Erasure => ({
  resources: addCounts(one.resources, other.resources),
  rows: addCounts(one.rows, other.rows),
  kept: [...new Set([...one.kept, ...other.kept])].sort(),
  versions: one.versions + other.versions,
});

async function eraseIn(transaction: Database, administration: Administration, request: ErasureRequest): Promise<Erasure> {
  const { tenant, patient, audit } = request;
  await lockResource(transaction, tenant.id, { type: 'Patient', id: patient });
  const { erased, kept } = await findRecord(transaction, administration, request);
  await checkOrders(transaction, tenant.id, erased);
  await lockResources(
    transaction,
    tenant.id,
    erased.map(({ pid }) => pid),
  );
  const past = kept.filter(({ isCurrent }) => !isCurrent);
  const versions = past.flatMap(({ pid, versions }) => versions.map((version) => ({ pid, version })));
  const rows = [
    await deleteTraces(transaction, tenant.id, erased),
    await deleteResources(transaction, tenant.id, erased),
    await deleteVersions(transaction, tenant.id, versions),
    await deletePatientAccess(transaction, tenant.id, { id: patient, at: administration.now().toISOString() }),
  ].reduce(addCounts);
  const resources = erased.map(({ type }): RowCounts => ({ [type]: 1 })).reduce(addCounts, {});
  const erasure = { resources, rows, kept: toNames(kept.filter(({ isCurrent }) => isCurrent)), versions: versions.length };
  if (isEmpty(erasure)) return erasure;
  await record(administration, transaction, { tenant: tenant.id, action: 'patient-erased' });
  await audit(transaction, erased.length);
  return erasure;
}

const toNames = (resources: readonly StoredResource[]): string[] => resources.map(toName).sort();
const toName = ({ type, id }: Pick<StoredResource, 'type' | 'id'>): string => `${type}/${id}`;

async function checkOrders(transaction: Database, tenant: number, erased: readonly StoredResource[]): Promise<void> {
  const [open, ...others] = await findOpenOrders(transaction, tenant, erased.map(toName));
  if (open === undefined) return;
  const more = others.length ? ` and ${others.length} more` : '';
  const remedy = 'revoke it (status "revoked") or let it end, then erase again; "facet orders" lists what is on its way';
  throw new AdministrationError('conflict', `${open}${more} is an order that has not ended at the laboratory network: ${remedy}`);
}

interface PatientRecord {
  erased: StoredResource[];
  kept: (StoredResource & Pick<MatchedResource, 'isCurrent' | 'versions'>)[];
}

/** Divides the resources that refer to the patient, or did so in any version, into those of the record and those that are kept. */
async function findRecord(
  transaction: Database,
  administration: Administration,
  { tenant, patient }: ErasureRequest,
): Promise<PatientRecord> {
  const context = administration.contextOf({ tenant: tenant.id, ...administration.by, surface: 'fhir', scopes: [] });
  const erased = new Map<string, StoredResource>();
  const kept: MatchedResource[] = [];
  const add = (found: readonly StoredResource[]): void => {
    for (const { pid, type, id } of found) erased.set(pid, { pid, type, id });
  };
  add(await findStored(transaction, tenant.id, 'Patient', [patient]));
  for await (const part of findVersionsWith(transaction, tenant.id, buildMention(patient, context.baseUrl))) {
    const [own, others] = divide(
      part.filter(({ pid }) => !erased.has(pid)),
      (resource) => isOwn(context, patient, resource),
    );
    add(own);
    kept.push(...others);
  }
  const [own, shared] = await findBinaries(transaction, tenant.id, { erased: [...erased.values()], baseUrl: context.baseUrl });
  add(own);
  add(await findOwnProvenances(transaction, context, [...erased.values()]));
  const others = [...kept, ...shared.map((binary) => ({ ...binary, isCurrent: true, versions: [] }))];
  return { erased: [...erased.values()], kept: others.filter(({ pid }) => !erased.has(pid)) };
}

/** The text of a reference to the patient, relative or below this server's address, and not the beginning of a longer id. */
function buildMention(patient: string, baseUrl: string): { text: string; pattern: string } {
  const text = `Patient/${patient}`;
  const escapePattern = (plain: string): string => plain.replace(/[^A-Za-z0-9]/g, '\\$&');
  return { text, pattern: `(^|[^A-Za-z0-9/]|${escapePattern(baseUrl)}/)${escapePattern(text)}($|[^A-Za-z0-9.-])` };
}

/** Whether a resource belongs to this patient alone, by its last version. */
function isOwn({ registry, baseUrl }: Context, patient: string, { type, body }: MatchedResource): boolean {
  if (SHARED_TYPES.has(type) || [...body.matchAll(ANY_PATIENT)].some(([, id]) => id !== patient)) return false;
  if (CONTAINER_TYPES.has(type)) return body.includes(`Patient/${patient}`);
  const parameters = (RECORD_PARAMETERS[type] ?? []).map((code) => findReferenceParameter(registry, type, code).number);
  const target = hash(`Patient/${patient}`);
  const { references } = buildIndexRows(parseBody(body), registry, [], baseUrl);
  return references.some((reference) => reference.target === target && parameters.includes(reference.parameter));
}

/** The documents that the record refers to by URL: its own ones, and those that another resource refers to, too. */
async function findBinaries(
  transaction: Database,
  tenant: number,
  { erased, baseUrl }: { erased: readonly StoredResource[]; baseUrl: string },
): Promise<[own: StoredResource[], shared: StoredResource[]]> {
  const pids = erased.map(({ pid }) => pid);
  const bodies = await readBodiesWith(transaction, tenant, pids, 'Binary/');
  const ids = [...new Set(bodies.flatMap((body) => findAttachedBinaryIds(parseBody(body), baseUrl)))];
  const except = [...pids, ...(await findStored(transaction, tenant, 'Binary', ids)).map(({ pid }) => pid)];
  const mentioned = await findMentionedElsewhere(transaction, tenant, { type: 'Binary', ids, except });
  return divide(await findStored(transaction, tenant, 'Binary', ids), ({ id }) => !mentioned.has(id));
}

/** The Provenances all of whose targets are erased. https://hl7.org/fhir/R4/provenance.html */
async function findOwnProvenances(
  transaction: Database,
  { registry, caller }: Context,
  erased: readonly StoredResource[],
): Promise<StoredResource[]> {
  const names = new Set(erased.map(toName));
  const parameter = findReferenceParameter(registry, 'Provenance', 'target').number;
  const targets = [...names].map(hash);
  const found = await findReferring(transaction, caller.tenant, { parameter, targets });
  return found.filter(({ body }) => {
    const { target } = parseBody(body) as unknown as { target: { reference?: string }[] };
    return target.every(({ reference = '' }) => names.has(reference.split('/').slice(0, 2).join('/')));
  });
}

function divide<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const { yes = [], no = [] } = Object.groupBy(items, (item) => (test(item) ? 'yes' : 'no'));
  return [yes, no];
}
