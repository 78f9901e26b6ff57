// An order as Junction returns it. Only the id is required, unknown codes are accepted, and Junction's copy of the patient is not read.
// https://docs.junction.com/lab/overview/orders-and-results
import { toList, toRecord } from '../fhir/json-values.ts';
import { readTextField } from './json-fields.ts';

/** An event of an order. `id` increases with every event. */
interface OrderEvent {
  id: number;
  /** ISO 8601, unchanged. */
  at: string | undefined;
  /** `collecting_sample.walk_in_test.redraw_available`: phase, collection method, detail. */
  status: string;
  detail: string | undefined;
}

/** An order of an order transaction: the first one, or a redraw. */
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
  /** The idempotency key that was sent with the order. */
  passthrough: string | undefined;
  transaction: OrderTransaction | undefined;
  /** Oldest first. */
  events: OrderEvent[];
  createdAt: string | undefined;
  updatedAt: string | undefined;
  /** `initial`, `redraw`, `recreation`. */
  origin: string | undefined;
  /** Only `critical` has an effect. */
  interpretation: string | undefined;
  sampleId: string | undefined;
  sampleType: string | undefined;
  laboratory: { name: string | undefined; slug: string | undefined };
  /** YYYY-MM-DD: when the order becomes active, and when its result is expected at the latest. */
  activateBy: string | undefined;
  expectedBy: string | undefined;
}

/** Undefined if the order has no id. */
export function parseOrderSnapshot(json: unknown): OrderSnapshot | undefined {
  const order = toRecord(json);
  const id = readTextField(order, 'id');
  if (id === undefined) return undefined;
  const test = toRecord(order.lab_test);
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

/** Whether the order is the only one of its order transaction. */
export const isOnlyOrder = ({ transaction }: OrderSnapshot): boolean => (transaction?.orders.length ?? 1) <= 1;

export const findLastEvent = ({ events }: OrderSnapshot): OrderEvent | undefined => events.at(-1);

function parseTransaction(transactionJson: unknown): OrderTransaction | undefined {
  const id = readTextField(transactionJson, 'id');
  if (id === undefined) return undefined;
  const orders = toList(toRecord(transactionJson).orders).flatMap((json) => {
    const own = readTextField(json, 'id');
    return own === undefined ? [] : [{ id: own, createdAt: readTextField(json, 'created_at'), parentId: readTextField(json, 'parent_id') }];
  });
  return { id, status: readTextField(transactionJson, 'status'), orders };
}

/** Each event once, sorted by id. An event without an id is numbered by its position. */
function parseEvents(order: Record<string, unknown>): OrderEvent[] {
  const listed = [...toList(order.events), ...(order.last_event ? [order.last_event] : [])].flatMap((json, index) =>
    parseEvent(json, index + 1),
  );
  const statusOnly = listed.length ? [] : parseEvent({ status: order.status }, 0);
  const unique = new Map([...listed, ...statusOnly].map((event) => [event.id, event]));
  return [...unique.values()].sort((a, b) => a.id - b.id);
}

function parseEvent(json: unknown, position: number): OrderEvent[] {
  const status = readTextField(json, 'status');
  if (status === undefined) return [];
  const { id } = toRecord(json);
  return [
    {
      id: typeof id === 'number' && Number.isSafeInteger(id) ? id : position,
      at: readTextField(json, 'created_at'),
      status,
      detail: readTextField(json, 'status_detail'),
    },
  ];
}
