// The steps of an order at the laboratory by name: what each leads to, and which are possible now.
import { readCollectionMethod, readStatus, type SandboxOrder } from './sandbox-state.ts';

/** The usual steps, in order, each with its status by collection method. Without a status, the method has no such step. */
const USUAL_STEPS: [name: string, statuses: Record<string, string>][] = [
  [
    'collect',
    {
      walk_in_test: 'collecting_sample.walk_in_test.appointment_pending',
      at_home_phlebotomy: 'collecting_sample.at_home_phlebotomy.draw_completed',
      testkit: 'collecting_sample.testkit.transit_lab',
    },
  ],
  [
    'receive',
    {
      // Junction documents no status between the collection and the first results for these two
      walk_in_test: 'sample_with_lab.walk_in_test.sample_received',
      at_home_phlebotomy: 'sample_with_lab.at_home_phlebotomy.sample_received',
      testkit: 'sample_with_lab.testkit.delivered_to_lab',
      on_site_collection: 'sample_with_lab.on_site_collection.draw_completed',
    },
  ],
  [
    'partial',
    {
      walk_in_test: 'sample_with_lab.walk_in_test.partial_results',
      at_home_phlebotomy: 'sample_with_lab.at_home_phlebotomy.partial_results',
      on_site_collection: 'sample_with_lab.on_site_collection.partial_results',
    },
  ],
  [
    'final',
    Object.fromEntries(
      ['walk_in_test', 'at_home_phlebotomy', 'testkit', 'on_site_collection'].map((method) => [method, `completed.${method}.completed`]),
    ),
  ],
];

/** Where a status stands among the usual steps; undefined: the order has ended. */
function findProgress(status: string): number | undefined {
  if (status.startsWith('received.')) return -1;
  if (status.endsWith('.redraw_available')) return undefined;
  if (status.startsWith('collecting_sample.')) return 0;
  if (!status.startsWith('sample_with_lab.')) return undefined;
  return status.endsWith('.partial_results') ? 2 : 1;
}

/** Name → status: the steps that are possible now. */
export function listSteps(order: SandboxOrder): Map<string, string> {
  const [status, method] = [readStatus(order), readCollectionMethod(order.sent)];
  if (status.startsWith('completed.')) return new Map([['corrected', `completed.${method}.corrected`]]);
  const progress = findProgress(status);
  if (progress === undefined) return new Map();
  const usual = USUAL_STEPS.slice(progress + 1).flatMap(([name, { [method]: next }]): [string, string][] => (next ? [[name, next]] : []));
  return new Map([...usual, ['fail', `failed.${method}.sample_error`]]);
}
