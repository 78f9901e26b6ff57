// An order as the network shows it, read with a loose hand: only its id must be there, unknown words pass, and its copy of the patient is not looked at.
// https://docs.junction.com/lab/overview/orders-and-results
import { listOf } from '../fhir/json-values.ts';
import { objectOf, textIn } from './json-accessors.ts';

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
interface SeenSibling {
  id: string;
  createdAt: string | undefined;
  parentId: string | undefined;
}

interface SeenTransaction {
  id: string;
  /** `active`, `completed`, `cancelled`. */
  status: string | undefined;
  orders: SeenSibling[];
}

export interface OrderSnapshot {
  id: string;
  /** The key it was sent with. */
  passthrough: string | undefined;
  transaction: SeenTransaction | undefined;
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
  const order = objectOf(given);
  const id = textIn(order, 'id');
  if (id === undefined) return undefined;
  const test = objectOf(order.lab_test);
  return {
    id,
    passthrough: textIn(order, 'passthrough'),
    transaction: transactionOf(order.order_transaction),
    events: eventsOf(order),
    createdAt: textIn(order, 'created_at'),
    updatedAt: textIn(order, 'updated_at'),
    origin: textIn(order, 'origin'),
    interpretation: textIn(order, 'interpretation'),
    sampleId: textIn(order, 'sample_id'),
    sampleType: textIn(test, 'sample_type'),
    laboratory: { name: textIn(test.lab, 'name'), slug: textIn(test.lab, 'slug') },
    activateBy: textIn(order, 'activate_by'),
    expectedBy: textIn(order, 'expected_result_by_date'),
  };
}

/** It is the only order of its journey. */
export const isAlone = ({ transaction }: OrderSnapshot): boolean => (transaction?.orders.length ?? 1) <= 1;

/** The newest event; undefined: none was told. */
export const lastEvent = ({ events }: OrderSnapshot): OrderEvent | undefined => events.at(-1);

function transactionOf(given: unknown): SeenTransaction | undefined {
  const id = textIn(given, 'id');
  if (id === undefined) return undefined;
  const orders = listOf(objectOf(given).orders).flatMap((one) => {
    const own = textIn(one, 'id');
    return own === undefined ? [] : [{ id: own, createdAt: textIn(one, 'created_at'), parentId: textIn(one, 'parent_id') }];
  });
  return { id, status: textIn(given, 'status'), orders };
}

/** All that are told, each once, in the order of their ids; where ids are missing, in the order they are listed. */
function eventsOf(order: Record<string, unknown>): OrderEvent[] {
  const told = [...listOf(order.events), ...(order.last_event ? [order.last_event] : [])].flatMap((one, nth) => eventOf(one, nth + 1));
  const bare = told.length ? [] : eventOf({ status: order.status }, 0);
  const once = new Map([...told, ...bare].map((event) => [event.id, event]));
  return [...once.values()].sort((a, b) => a.id - b.id);
}

function eventOf(given: unknown, place: number): OrderEvent[] {
  const status = textIn(given, 'status');
  if (status === undefined) return [];
  const { id } = objectOf(given);
  return [
    {
      id: Number.isSafeInteger(id) ? (id as number) : place,
      at: textIn(given, 'created_at'),
      status,
      detail: textIn(given, 'status_detail'),
    },
  ];
}
