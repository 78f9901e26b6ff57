// The command line of `facet accounts`, with its help (accounts.ts has the operations).
import type { Command } from 'commander';
import { readSecretFiles } from './account-options.ts';
import type { DefineCommands, Options } from './admin-command.ts';

const EXAMPLES = {
  create: `
Secrets are read from files, or from standard input (-), and stored encrypted (FACET_SECRETS_KEY).

Examples:
  facet accounts create --tenant springfield --team 6353bcab-… --api-key-file key.txt --webhook-secret-file whsec.txt
  pass junction/springfield | facet accounts create --tenant springfield --team 6353bcab-… --api-key-file -
  facet accounts create --tenant springfield --team 6353bcab-… --api-key-file key.txt \\
    --panels '{"pcos":["<lab test uuid>"]}' --lab-accounts <uuid>,<uuid>

Then register the path of the webhooks, which the command prints, in the dashboard of the network.`,
  list: `
Example:
  facet accounts list`,
  show: `
Example:
  facet accounts show springfield`,
  update: `
An empty text removes a setting. Accepted orders keep the tests and the account that they were accepted with.

Examples:
  facet accounts update springfield --concurrency 8
  facet accounts update springfield --lab-accounts <uuid>,<uuid>       the first is the default
  facet accounts update springfield --physicians required --default-physicians '{"NY":"<Practitioner id>"}'
  facet accounts update springfield --panels '{"pcos":["<lab test uuid>"]}'`,
  rotate: `
Without a new secret it encrypts the stored ones again, with the first key of FACET_SECRETS_KEY.

Examples:
  facet accounts rotate springfield --api-key-file key.txt
  facet accounts rotate springfield --webhook-secret-file new.txt      the old secret stays valid
  facet accounts rotate springfield --drop-old                         only the newest webhook secret is valid
  facet accounts rotate --all                                          after a new key was put first in FACET_SECRETS_KEY`,
  pause: `
Example:
  facet accounts pause springfield --reason "contract ends today"`,
  resume: `
Example:
  facet accounts resume springfield`,
};

const withSettings = (command: Command): Command =>
  command
    .option('--base-url <url>', 'the host of the network (default: by the prefix of the API key)')
    .option('--panels <json>', 'panels and their lab tests: {"pcos":["<lab test uuid>"]}')
    .option('--lab-accounts <uuids>', 'the accounts at laboratories that orders may name, by comma; the first is the default')
    .option('--default-physicians <json>', 'who signs orders without a requester who signs: {"NY":"<Practitioner id>"}')
    .option('--physicians <demand>', 'required: an order that no physician signs is refused; optional (default): the network signs it')
    .option('--physician-path <path>', 'the path to send physicians to, under a partner contract (default: the roster is read)')
    .option('--concurrency <number>', 'requests in flight, of all servers together (default: 16)')
    .option('--note-limit <number>', 'characters in the notes of an order (default: 120)');

export const defineAccountCommands: DefineCommands = (accounts, run) => {
  const define = (name: keyof typeof EXAMPLES, usage: string, description: string): Command =>
    accounts.command(`${name}${usage}`).description(description).addHelpText('after', EXAMPLES[name]);
  withSettings(
    define('create', '', 'create the account of a tenant: its new orders are sent with it')
      .requiredOption('--tenant <name>', 'the tenant')
      .requiredOption('--team <id>', 'the id of the team at the network')
      .requiredOption('--api-key-file <file>', 'a file with the API key, or - for standard input')
      .option('--webhook-secret-file <file>', 'a file with the secret of the webhooks (whsec_…), or -')
      .option('--name <name>', 'the name of the account, also in the path of its webhooks (default: the name of the tenant)'),
  ).action(async (options: Options) => run('accounts create', await readSecretFiles(options)));
  define('list', '', 'list all accounts').action(() => run('accounts list', {}));
  define('show', ' <account>', 'show one account, without its secrets').action((account: string) => run('accounts show', { account }));
  withSettings(define('update', ' <account>', 'change the settings of an account')).action((account: string, options: Options) =>
    run('accounts update', { account, ...options }),
  );
  define('rotate', ' [account]', 'replace the secrets of an account, or encrypt them again')
    .option('--api-key-file <file>', 'a file with the new API key, or - for standard input')
    .option('--webhook-secret-file <file>', 'a file with the new secret of the webhooks, or -')
    .option('--drop-old', 'only the newest webhook secret stays valid')
    .option('--all', 'encrypt the secrets of all accounts again')
    .action(async (account: string | undefined, { dropOld, all, ...files }: Options & { dropOld?: true; all?: true }) =>
      run('accounts rotate', {
        account,
        ...(dropOld && { dropOld: 'yes' }),
        ...(all && { all: 'yes' }),
        ...(await readSecretFiles(files)),
      }),
    );
  define('pause', ' <account>', 'stop sending for an account; its orders wait, and results are still read')
    .requiredOption('--reason <text>', 'why, for other operators')
    .action((account: string, options: Options) => run('accounts pause', { account, ...options }));
  define('resume', ' <account>', 'send again for a paused account').action((account: string) => run('accounts resume', { account }));
};
