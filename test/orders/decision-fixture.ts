// A fixture that stores requests and reads the decision about each: an order, a rejection with a Task, or neither.
import type { Resource } from '../../src/fhir/types.ts';
import type { TestStore } from '../store/open.ts';
import { type OrderFixture, openOrderFixture, REQUEST, TEST_SYSTEMS } from './order-fixture.ts';

export interface DecisionFixture extends OrderFixture {
  /** Stores an orderable request with these elements replaced. */
  request(id: string, more: object): Promise<void>;
  tasksOf(id: string): Promise<Resource[]>;
  /** The decision about a stored request: the status of its Task, or `stored` without a Task. */
  readDecision(id: string): Promise<string>;
  /** Stores a request, and returns the decision about it. */
  decide(more: object): Promise<string>;
  readReason(id: string): Promise<string>;
  /** Stores an active catalogue entry: the metabolic panel as a lab test. */
  addCatalogueEntry(more?: object): Promise<void>;
}

const LOINC = 'http://loinc.org';
export const TEST = '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a01';
export const OTHER_TEST = '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a02';
export const METABOLIC = { system: LOINC, code: '24323-8' };
export const IMAGING = [{ coding: [{ system: 'http://snomed.info/sct', code: '363679005' }] }];
export const coded = (code: string, system = LOINC) => ({ coding: [{ system, code }] });
export const labTest = (id: string) => ({ system: TEST_SYSTEMS.labTests, code: id });
/** A code without a test, unless the catalogue has it. */
export const UNKNOWN = { code: { coding: [METABOLIC] } };

export const entry = (id: string, codings: object[], more: object = {}): Resource => ({
  resourceType: 'ActivityDefinition',
  id,
  status: 'active',
  kind: 'ServiceRequest',
  title: `Test ${id}`,
  code: { coding: codings },
  ...more,
});

/** `unorderable`: see OrderRules. */
export async function openDecisionFixture(
  store: TestStore,
  unorderable?: Parameters<typeof openOrderFixture>[2],
): Promise<DecisionFixture> {
  const fixture = await openOrderFixture(store, undefined, unorderable);
  const request = (id: string, more: object) => fixture.put({ ...REQUEST, id, ...more } as Resource);
  const tasksOf = async (id: string): Promise<Resource[]> => {
    const query = { type: 'Task' as const, where: [], sort: [], count: 100, total: 'none' as const, include: [] };
    const { rows } = await fixture.context.store.search(fixture.tenant, query);
    return rows
      .map(({ body }) => JSON.parse(body!) as Resource)
      .filter(({ focus }) => (focus as { reference?: string })?.reference === `ServiceRequest/${id}`);
  };
  const readDecision = async (id: string): Promise<string> => {
    const tasks = await tasksOf(id);
    expect(tasks.length).toBeLessThan(2);
    const status = (tasks[0]?.status as string | undefined) ?? 'stored';
    expect((await fixture.entry(id)) !== undefined).toBe(status === 'requested');
    return status;
  };
  return {
    ...fixture,
    request,
    tasksOf,
    readDecision,
    decide: async (more) => {
      await request('one', more);
      return readDecision('one');
    },
    readReason: async (id) => ((await tasksOf(id))[0]!.statusReason as { text: string }).text,
    addCatalogueEntry: (more) => fixture.put(entry('a', [METABOLIC, labTest(TEST)], more)),
  };
}
