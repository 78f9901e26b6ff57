// The door out, put together: what the writes of a ServiceRequest bring with them, the steps that the vendors' doors wait for, and the worker.
import { rule, upstream } from '../fhir/outcome.ts';
import type { Caller, Context, Effect } from '../resource/context.ts';
import type { Row } from '../store/store.ts';
import { breaker } from './breaker.ts';
import { CANCELLATION, sendCancellation } from './cancel.ts';
import { junctionClient } from './junction-client.ts';
import type { JunctionAccount } from './junction-exchange.ts';
import { claim, complete, pushDirectory, register, rosterDirectory } from './junction-physician.ts';
import { orderEffect } from './order.ts';
import type { PanelTable } from './order-criteria.ts';
import { ORDER, orderEntry } from './order-entry.ts';
import type { Systems } from './record.ts';
import { sendOrder } from './send.ts';
import { sendNow } from './send-now.ts';
import type { Sending } from './sending.ts';
import { type Senders, startWorker } from './worker.ts';

export interface JunctionOptions {
  /** Asked for at each call: a sandbox's address is known only after it has started. Undefined: there is none, and what needs it is 502. */
  account: () => JunctionAccount | undefined;
  /** Where physicians are pushed (`{team_id}` is filled in); without it the team's roster is read. */
  physicianPath?: string | undefined;
  table: PanelTable;
  systems: Systems;
}

/** What the roof has to give. `log` is told ids and reasons, nothing of a patient. */
export interface JunctionParts extends Pick<Sending, 'store' | 'clock' | 'newId' | 'log'> {
  contextOf(caller: Caller): Context;
  random?: () => number;
}

/** One created item, as the doors hand it over. */
interface Item {
  row: Row;
  key: string;
}

/** A step that a create waits for: inside the transaction, after the commit, and inside the transaction of the answer. */
export interface Step {
  claim(context: Context, item: Item): Promise<'open' | 'complete'>;
  finish(context: Context, item: Item): Promise<Record<string, unknown> | undefined>;
  settle(context: Context, item: Item): Promise<void>;
}

export interface Junction {
  /** For writes of ServiceRequest. */
  effect: Effect;
  /** By the names that mappings give them (`port:`). */
  steps: Record<'lab-order' | 'physician', Step>;
  /** Starts to drain the outbox; call the answer to stop. */
  start(): () => Promise<void>;
}

const SENDERS: Senders = { [ORDER]: sendOrder, [CANCELLATION]: sendCancellation };

export function junction(options: JunctionOptions, parts: JunctionParts): Junction {
  const { account, table, systems, physicianPath } = options;
  const client = junctionClient(account);
  const sending: Sending = { random: Math.random, ...parts, client, breaker: breaker(), table, systems };
  const directory = physicianPath === undefined ? rosterDirectory(client) : pushDirectory(client, physicianPath);
  return {
    effect: orderEffect(table),
    steps: {
      'lab-order': { claim: claimOrder, finish: (context, { row }) => finishOrder(sending, context, row), settle: async () => {} },
      physician: {
        claim,
        finish: async (context, item) => {
          const { id, status } = await register(context, item, directory);
          return { junction_physician_id: id, status };
        },
        settle: complete,
      },
    },
    start: () => startWorker(sending, SENDERS),
  };
}

/** The effect has put it into the outbox; what it does not send cannot be answered with an order id. */
async function claimOrder({ store, caller }: Context, { row }: Item): Promise<'open'> {
  if (!(await orderEntry(store, caller.tenant, row.id)))
    throw rule('this code is not in the table of panels that can be ordered', 'ServiceRequest.code');
  return 'open';
}

async function finishOrder(sending: Sending, context: Context, row: Row): Promise<undefined> {
  const sent = await sendNow(sending, context, row.id);
  if (sent.result === 'accepted') return;
  throw upstream(
    sent.final
      ? 'the laboratory network refused the order'
      : 'the laboratory network has not confirmed the order yet: repeat the request with the same idempotency key',
  );
}
