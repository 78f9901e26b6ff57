// A sender who waits for an answer until the network has got the order, and no longer: an answer that comes too late, on any machine.
import type { OrderSender } from '../../src/orders/deliver/order-sender.ts';
import { until } from '../until.ts';
import type { OrderFixture } from './order-fixture.ts';

export function createImpatientSender(fixture: OrderFixture): OrderSender {
  const createOrder: typeof fixture.client.createOrder = (order, signal) => {
    const over = new AbortController();
    const before = fixture.countRequests('createOrder');
    void until(() => fixture.countRequests('createOrder') > before).then(() => over.abort());
    return fixture.client.createOrder(order, AbortSignal.any([signal, over.signal]));
  };
  return { ...fixture.createSender(), client: { ...fixture.client, createOrder } };
}
