// The commands around lab orders, with help that teaches them.
import type { Command } from 'commander';
import { ORDER_STATES_HELP } from './states.ts';

type Run = (command: string, options: Record<string, string | undefined>) => Promise<void>;

const EXAMPLES = {
  list: `
${ORDER_STATES_HELP}

Examples:
  facet orders list                                  what is not settled yet, the oldest first (or facet orders alone)
  facet orders list --state parked --older 1d
  facet orders list --tenant springfield --state all --limit 200`,
  show: `
Example:
  facet orders show 0193c2f4-… --tenant springfield`,
  retry: `
It changes nothing of the order: the same bytes, under the same key, and what may have arrived is looked for first.

Example:
  facet orders retry 0193c2f4-…`,
  park: `
Its Task says on-hold. Taking the order back (status revoked) goes on as ever.

Example:
  facet orders park 0193c2f4-… --tenant springfield`,
  release: `
Example:
  facet orders release 0193c2f4-… --tenant springfield`,
};

export function ordersOf(orders: Command, run: Run): void {
  orders
    .command('list')
    .description('orders and their callings off by state and age, the one that waits longest first')
    .option('--tenant <name>', 'of this tenant only')
    .option('--state <state>', 'in this state', 'open')
    .option('--older <time>', 'ordered at least so long ago: 30s, 10m, 2h, 3d')
    .option('--limit <number>', 'so many at most', '50')
    .addHelpText('after', EXAMPLES.list)
    .action((options: Record<string, string>) => run('orders list', options));
  const one = (name: keyof typeof EXAMPLES, description: string) =>
    orders
      .command(`${name} <order>`)
      .description(description)
      .option('--tenant <name>', 'whose order it is; needed when several tenants have one of this id')
      .addHelpText('after', EXAMPLES[name])
      .action((order: string, options: Record<string, string>) => run(`orders ${name}`, { order, ...options }));
  one('show', 'one order, by the id of its ServiceRequest: how it stands here and at the network, its attempts and what was done with it');
  one('retry', 'try a waiting order now, whenever its next attempt would be');
  one('park', 'put an order aside: nobody sends it until it is released');
  one('release', 'let an order go on that was put aside or given up');
}
