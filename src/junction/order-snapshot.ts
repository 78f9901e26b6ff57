// An order as the network shows it, read with a loose hand: only its id must be there, unknown words pass, and its copy of the patient is not looked at.
// https://docs.junction.com/lab/overview/orders-and-results
import { listOf } from '../fhir/json-values.ts';
import { readTextField, toJsonObject } from './json-fields.ts';

/** One thing that happened to an order. `id` grows with every event of an order. */
interface OrderEvent {
  id: number;
  /** ISO 8601, as told. */
  at: string | undefined;
  /** `collecting_sample.walk_in_test.redraw_available`: phase, way of collecting, detail. */
  status: string;
  detail: string | undefined;
}

/** An order among those of one journey (a redraw is an order of its own). */
interface TransactionOrder {
  id: string;
  createdAt: string | undefined;
  parentId: string | undefined;
}

interface OrderTransaction {
  id: string;
  /** `active`, `completed`, `cancelled`. */
  status: string | undefined;
  orders: TransactionOrder[];
}

export interface OrderSnapshot {
  id: string;
  /** The key it was sent with. */
  passthrough: string | undefined;
  transaction: OrderTransaction | undefined;
  /** Oldest first. */
  events: OrderEvent[];
  createdAt: string | undefined;
  updatedAt: string | undefined;
  /** `initial`, `redraw`, `recreation`. */
  origin: string | undefined;
  /** `critical` is what matters. */
  interpretation: string | undefined;
  sampleId: string | undefined;
  sampleType: string | undefined;
  laboratory: { name: string | undefined; slug: string | undefined };
  /** YYYY-MM-DD: the order sleeps until then; its result is expected by then. */
  activateBy: string | undefined;
  expectedBy: string | undefined;
}

/** Undefined: this is no order. */
export function parseOrderSnapshot(given: unknown): OrderSnapshot | undefined {
  const order = toJsonObject(given);
  const id = readTextField(order, 'id');
  if (id === undefined) return undefined;
  const test = toJsonObject(order.lab_test);
  return {
    id,
    passthrough: readTextField(order, 'passthrough'),
    transaction: parseTransaction(order.order_transaction),
    events: parseEvents(order),
    createdAt: readTextField(order, 'created_at'),
    updatedAt: readTextField(order, 'updated_at'),
    origin: readTextField(order, 'origin'),
    interpretation: readTextField(order, 'interpretation'),
    sampleId: readTextField(order, 'sample_id'),
    sampleType: readTextField(test, 'sample_type'),
    laboratory: { name: readTextField(test.lab, 'name'), slug: readTextField(test.lab, 'slug') },
    activateBy: readTextField(order, 'activate_by'),
    expectedBy: readTextField(order, 'expected_result_by_date'),
  };
}

/** It is the only order of its journey. */
export const isOnlyOrder = ({ transaction }: OrderSnapshot): boolean => (transaction?.orders.length ?? 1) <= 1;

/** The newest event; undefined: none was told. */
export const findLastEvent = ({ events }: OrderSnapshot): OrderEvent | undefined => events.at(-1);

function parseTransaction(given: unknown): OrderTransaction | undefined {
  const id = readTextField(given, 'id');
  if (id === undefined) return undefined;
  const orders = listOf(toJsonObject(given).orders).flatMap((one) => {
    const own = readTextField(one, 'id');
    return own === undefined ? [] : [{ id: own, createdAt: readTextField(one, 'created_at'), parentId: readTextField(one, 'parent_id') }];
  });
  return { id, status: readTextField(given, 'status'), orders };
}

/** All that are told, each once, in the order of their ids; where ids are missing, in the order they are listed. */
function parseEvents(order: Record<string, unknown>): OrderEvent[] {
  const told = [...listOf(order.events), ...(order.last_event ? [order.last_event] : [])].flatMap((one, nth) => parseEvent(one, nth + 1));
  const bare = told.length ? [] : parseEvent({ status: order.status }, 0);
  const once = new Map([...told, ...bare].map((event) => [event.id, event]));
  return [...once.values()].sort((a, b) => a.id - b.id);
}

function parseEvent(given: unknown, place: number): OrderEvent[] {
  const status = readTextField(given, 'status');
  if (status === undefined) return [];
  const { id } = toJsonObject(given);
  return [
    {
      id: Number.isSafeInteger(id) ? (id as number) : place,
      at: readTextField(given, 'created_at'),
      status,
      detail: readTextField(given, 'status_detail'),
    },
  ];
}
