// A sandbox and a client of it, for the tests of this room; and an order that Junction takes.
import { SAMPLE_ORDER } from '../../scripts/orders/sample-order.ts';
import { createJunctionClient, type JunctionClient } from '../../src/junction/client.ts';
import type { Fault } from '../../src/junction-sandbox/faults.ts';
import { type Sandbox, startSandbox } from '../../src/junction-sandbox/server.ts';

export interface SandboxFixture {
  sandbox: Sandbox;
  client: JunctionClient;
  /** Adds faults for the next requests. */
  addFaults(...faults: Fault[]): void;
  /** The number of orders, of all or with this passthrough. */
  countOrders(passthrough?: string): number;
  /** The number of requests for this operation. */
  countRequests(operation: string): number;
}

export async function openSandboxFixture(clock?: () => Date): Promise<SandboxFixture> {
  const sandbox = await startSandbox(clock ? { clock } : {});
  const { state } = sandbox;
  return {
    sandbox,
    client: createJunctionClient(() => ({ apiKey: sandbox.apiKey, baseUrl: sandbox.url, teamId: sandbox.teamId })),
    addFaults: (...faults) => {
      state.faults = [...state.faults, ...faults];
    },
    countOrders: (passthrough) =>
      [...state.orders.values()].filter((order) => passthrough === undefined || order.passthrough === passthrough).length,
    countRequests: (operation) => state.requests.filter((request) => request.operation === operation).length,
  };
}

/** An order the sandbox takes. */
export function orderOf(userId: string, more: object = {}): Record<string, unknown> {
  return { user_id: userId, ...SAMPLE_ORDER, ...more };
}

/** Time for an exchange, in ms; what a busy machine is given where nothing is meant to be late. */
export const within = (ms = 60_000): AbortSignal => AbortSignal.timeout(ms);
