// A sender who waits for an answer until the network has got the order, and no longer: an answer that comes too late, on any machine.
import type { OrderSender } from '../../src/orders/deliver/order-sender.ts';
import { until } from '../until.ts';
import type { OrderWorld } from './order-world.ts';

export function impatient(here: OrderWorld): OrderSender {
  const createOrder: typeof here.client.createOrder = (order, signal) => {
    const over = new AbortController();
    const before = here.countRequests('createOrder');
    void until(() => here.countRequests('createOrder') > before).then(() => over.abort());
    return here.client.createOrder(order, AbortSignal.any([signal, over.signal]));
  };
  return { ...here.another(), client: { ...here.client, createOrder } };
}
