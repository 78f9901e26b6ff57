// Pages of the orders and cancellations of a tenant, oldest first.
import { CANCELLATION_TOPIC } from '../../orders/place/cancellation.ts';
import { ORDER_TOPIC } from '../../orders/place/order-entry.ts';
import { findOutboxEntry, listOutbox } from '../../store/queues/backlogs.ts';
import type { OutboxEntry } from '../../store/queues/outbox-entry.ts';
import type { Administration } from '../administration.ts';
import { AdministrationError } from '../administration-error.ts';
import { readAccountNames } from './order-details.ts';
import { SELECTIONS } from './order-states.ts';

/** `state`: a name in SELECTIONS. `after`: the id of a message; only those after it are listed. */
interface OrderPageQuery {
  tenant: number;
  state?: string | undefined;
  limit: number;
  after?: string | undefined;
}

interface OrderPage {
  entries: OutboxEntry[];
  /** Account id → name. */
  accounts: Map<number, string>;
  /** The id of the last message, if others follow it. */
  next?: string;
}

export async function listOrders(administration: Administration, query: OrderPageQuery): Promise<OrderPage> {
  const { tenant, state = 'open', limit } = query;
  const { database } = administration;
  const states = SELECTIONS.get(state);
  if (!states) throw new AdministrationError('invalid', ` must be one of ${[...SELECTIONS.keys()].join(', ')}`, 'state');
  const after = query.after === undefined ? undefined : await findPosition(administration, tenant, query.after);
  const found = await listOutbox(database, { topic: [ORDER_TOPIC, CANCELLATION_TOPIC], states, tenant, after, limit: limit + 1 });
  const entries = found.slice(0, limit);
  const accounts = await readAccountNames(
    database,
    entries.map(({ account }) => account),
  );
  return { entries, accounts, ...(found.length > limit && { next: entries.at(-1)!.id }) };
}

async function findPosition({ database }: Administration, tenant: number, id: string): Promise<OutboxEntry> {
  const entry = MESSAGE_ID.test(id) ? await findOutboxEntry(database, tenant, id) : undefined;
  if (!entry) throw new AdministrationError('invalid', ' is not the id of a message: the end of a full list has it in next', 'after');
  return entry;
}

const MESSAGE_ID = /^\d{1,18}$/;
