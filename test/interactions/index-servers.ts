// Servers of one store that index by different search parameters, for the tests of reindexing.
import { v5 } from 'uuid';
import type { SearchParameterResource } from '../../src/fhir/search/definitions.ts';
import { buildReadyRegistry } from '../../src/fhir/search/ready-registry.ts';
import { buildRegistry, type SearchRegistry } from '../../src/fhir/search/registry.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { Context } from '../../src/interactions/context.ts';
import { create } from '../../src/interactions/create.ts';
import { buildUnregisteredTypeHooks, type IndexState, openIndexState, readIndexState } from '../../src/interactions/index-state.ts';
import { NO_PROFILE_CHECKS } from '../../src/interactions/profiles.ts';
import { type ReindexOptions, type ReindexResult, reindexAll } from '../../src/interactions/reindex.ts';
import { search } from '../../src/interactions/search.ts';
import { update } from '../../src/interactions/update.ts';
import { createIndexWork } from '../../src/server/background/index-work.ts';
import type { Reindexing, TargetRules } from '../../src/store/reindexing.ts';
import { createTenant } from '../../src/store/tenants.ts';
import { openTestStore, type TestStore } from '../store/open.ts';

export const AT = '2026-01-01T00:00:00.000Z';
const SPACE = '3f1a4c0e-0000-4000-8000-000000000000';
export const idOf = (n: number): string => v5(String(n), SPACE);
export const marital = (expression: string): SearchParameterResource => ({
  url: 'urn:test:marital',
  code: 'marital',
  base: ['Patient'],
  type: 'token',
  expression,
});
export const BEFORE = buildRegistry([]);
export const AFTER = buildRegistry([marital('Patient.maritalStatus')]);
export const OTHERWISE = buildRegistry([marital('Patient.communication.language')]);

export let opened: TestStore;
export let tenants: number[];
let now: Date;
/** A store of its own for each test of the file that calls this, with three tenants. */
export function openStoreBeforeEach(): void {
  beforeEach(async () => {
    opened = await openTestStore();
    tenants = [];
    now = new Date(AT);
    for (const slug of ['one', 'two', 'three']) tenants.push((await createTenant(opened.database, { slug, name: slug, at: AT }))!.id);
  });
  afterEach(() => opened.close());
}

export function passTime(minutes: number): void {
  now = new Date(now.getTime() + minutes * 60_000);
}

/** A server of this registry: what it writes and finds, and what it knows of the index. */
interface Server {
  state: IndexState;
  context(tenant: number): Context;
  walk(more?: Partial<ReindexOptions>, target?: TargetRules): Promise<ReindexResult>;
  /** A round of its background work. Returns the number of batches that it has read. */
  work(): Promise<number>;
}

export const server = async (registry: SearchRegistry, name = 'server', renewed = false): Promise<Server> =>
  process(registry, await openIndexState(opened.store.reindexing, registry, now, renewed), name);
/** A command of this registry, while servers of others may run. */
export const command = async (registry: SearchRegistry): Promise<Server> =>
  process(registry, await readIndexState(opened.store.reindexing, registry), 'command');

function process(registry: SearchRegistry, state: IndexState, name: string): Server {
  const ready = buildReadyRegistry(registry, state.isReady);
  const context = (tenant: number): Context => ({
    store: opened.store,
    caller: { tenant, actor: 'key', surface: 'fhir', scopes: ['*'] },
    clock: () => now,
    newId: () => SPACE,
    registry: ready,
    findIndexRules: state.findRules,
    baseUrl: 'http://facet.test/fhir/R4',
    writeHooks: new Map(buildUnregisteredTypeHooks(state).map(([type, effect]) => [type, [effect]])),
    profiles: NO_PROFILE_CHECKS,
  });
  const walking = {
    reindexing: opened.store.reindexing,
    registry: ready,
    baseUrl: 'http://facet.test/fhir/R4',
    clock: () => now,
    owner: name,
    batchSize: 4,
  };
  const walk = async (more: Partial<ReindexOptions> = {}, target = state.findTarget() ?? state.listNewest()) => {
    const end = await reindexAll({ ...walking, ...more }, target);
    await state.refresh();
    return end;
  };
  return { state, context, walk, work: buildCountedWork(state, walking) };
}

/** The background work of a process. Rejects with the error that it would log. */
function buildCountedWork(state: IndexState, options: ReindexOptions): () => Promise<number> {
  let batches = 0;
  const readBatch: Reindexing['readBatch'] = (...batch) => {
    batches++;
    return options.reindexing.readBatch(...batch);
  };
  const log = ({ error }: { error?: unknown }): void => {
    if (error) throw new Error(JSON.stringify(error));
  };
  const work = createIndexWork({ state, options: { ...options, reindexing: { ...options.reindexing, readBatch } }, log });
  return async () => {
    batches = 0;
    await work({ signal: new AbortController().signal, rest: async () => {} });
    return batches;
  };
}

export const patient = (n: number, more: object = {}): Resource => ({
  resourceType: 'Patient',
  id: idOf(n),
  name: [{ family: `Family${n}`, given: ['Ann'] }],
  birthDate: '1990-01-02',
  generalPractitioner: [{ reference: `Practitioner/${idOf(n)}` }],
  maritalStatus: { coding: [{ code: n % 2 ? 'M' : 'S' }], text: 'as told' },
  ...more,
});
const draft = (resource: Resource) => ({ resource, exact: resource });
export const store = (server: Server, tenant: number, resource: Resource) =>
  create(server.context(tenant), { type: resource.resourceType as 'Patient', id: resource.id!, draft: draft(resource) });
export const put = (server: Server, tenant: number, resource: Resource) =>
  update(server.context(tenant), { type: resource.resourceType as 'Patient', id: resource.id!, draft: draft(resource) });
export async function found(server: Server, tenant: number, query: string): Promise<string[]> {
  const parameters = [...new URLSearchParams(query)] as [string, string][];
  const { rows } = await search(server.context(tenant), { type: 'Patient', parameters, handling: 'strict', count: 1000 });
  return rows.map(({ id }) => id).sort();
}
