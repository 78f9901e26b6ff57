// A sandbox in a process of its own, so that its work does not delay the program that measures. The first message to the parent is its account. It sends its
// counts after each message.
import type { Fault } from '../../src/junction-sandbox/faults.ts';
import { startSandbox } from '../../src/junction-sandbox/server.ts';

/** `faults`: from now on. */
export interface SandboxMessage {
  faults?: Fault[];
}

export interface SandboxCounts {
  orders: number;
  requests: number;
}

const { url, apiKey, teamId, panels, state } = await startSandbox();
process.on('message', ({ faults }: SandboxMessage) => {
  if (faults) state.faults = faults;
  process.send!({ orders: state.orders.size, requests: state.requests.length } satisfies SandboxCounts);
});
process.on('disconnect', () => process.exit());
process.send!({ url, apiKey, teamId, panels });
