// A sender that stops waiting for the response as soon as the network has the order, so that the response is always too late.
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
