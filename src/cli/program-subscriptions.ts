// The commands around Subscriptions, with help that teaches them.
import type { Command } from 'commander';
import { SUBSCRIPTION_STATES_HELP } from './states.ts';

type Run = (command: string, options: Record<string, string | undefined>) => Promise<void>;

const EXAMPLES = {
  list: `
${SUBSCRIPTION_STATES_HELP}

Examples:
  facet subscriptions list                     all that are not off, the oldest first (or facet subscriptions alone)
  facet subscriptions list --state error --tenant springfield`,
  show: `
Example:
  facet subscriptions show 0193c2f4-… --tenant springfield`,
  retry: `
Example:
  facet subscriptions retry 0193c2f4-…`,
  secret: `
Messages are signed with it in the manner of Standard Webhooks: give it to the subscriber, as you give a key.

Examples:
  facet subscriptions secret 0193c2f4-… --tenant springfield
  facet subscriptions secret 0193c2f4-… --new       the one before signs beside it for a day`,
};

export function subscriptionsOf(subscriptions: Command, run: Run): void {
  subscriptions
    .command('list')
    .description('who is told of changes, how it goes, and how much waits')
    .option('--tenant <name>', 'of this tenant only')
    .option('--state <state>', 'active, failing, error or open', 'open')
    .option('--limit <number>', 'so many at most', '50')
    .addHelpText('after', EXAMPLES.list)
    .action((options: Record<string, string>) => run('subscriptions list', options));
  const one = (name: keyof typeof EXAMPLES, description: string): Command =>
    subscriptions
      .command(`${name} <subscription>`)
      .description(description)
      .option('--tenant <name>', 'whose it is; needed when several tenants have one of this id')
      .addHelpText('after', EXAMPLES[name]);
  for (const [name, description] of [
    ['show', 'one Subscription: how it stands, what waits, its attempts'],
    ['retry', 'send what waits now, also of one in error, which is active again'],
  ] as const)
    one(name, description).action((subscription: string, options: Record<string, string>) =>
      run(`subscriptions ${name}`, { subscription, ...options }),
    );
  one('secret', 'what its messages are signed with')
    .option('--new', 'make another one')
    .action((subscription: string, { new: another, ...options }: Record<string, string | boolean>) =>
      run('subscriptions secret', { subscription, ...(options as Record<string, string>), ...(another && { new: 'yes' }) }),
    );
}
