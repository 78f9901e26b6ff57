// Statements that the deliveries of a tenant share: what several of them ask or record at the same time is one statement.
import { runInBatches } from '../../messaging/batches.ts';
import type { LeasedOutcome } from '../../store/queues/outbox.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import type { ResourceName } from '../../store/search/referrers.ts';
import type { Store } from '../../store/store.ts';
import { type OrderPayload, readRequestId } from '../place/order-entry.ts';

/** The names of the ordered request and of its Task. */
export const listOrderResources = (entry: OutboxEntry, { task }: OrderPayload): [ResourceName, ResourceName] => [
  { type: 'ServiceRequest', id: readRequestId(entry) },
  { type: 'Task', id: task },
];

/** The rows of these resources in their order; undefined: never stored, or not among the rows. */
export const selectRows = (rows: ResourceRow[], names: ResourceName[]): (ResourceRow | undefined)[] =>
  names.map((name) => rows.find(({ type, id }) => type === name.type && id === name.id));

interface OrderReading {
  store: Store;
  tenant: number;
  names: ResourceName[];
}

/** Reads the current versions of resources. */
export const readTogether = runInBatches<OrderReading, (ResourceRow | undefined)[]>(
  ({ store, tenant }) => ({ scope: store, group: tenant }),
  async (readings) => {
    const { store, tenant } = readings[0]!;
    const rows = await store.readMany(
      tenant,
      readings.flatMap(({ names }) => names),
    );
    return readings.map(({ names }) => selectRows(rows, names));
  },
);

/** Records the outcome of an entry. Returns false if another process has its lease. */
export const recordTogether = runInBatches<{ store: Store; outcome: LeasedOutcome }, boolean>(
  ({ store, outcome }) => ({ scope: store, group: outcome.entry.tenant }),
  async (records) => {
    const outcomes = records.map(({ outcome }) => outcome);
    const recorded = await records[0]!.store.outbox.recordOutcomes(outcomes[0]!.entry.tenant, outcomes);
    return outcomes.map(({ entry }) => recorded.has(entry.id));
  },
);
