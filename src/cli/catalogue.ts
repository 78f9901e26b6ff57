// `facet catalogue sync`: fills the catalogue of a tenant from the lab network.

import { OPERATOR } from '../interactions/context.ts';
import { listTenants } from '../store/tenants.ts';
import { AdminError, type AdminOperation, type DefineCommands } from './admin-command.ts';
import { textTable } from './text-table.ts';

export const CATALOGUE_OPERATIONS: Record<string, AdminOperation> = {
  'catalogue sync': async (database, { tenant: slug, dryRun }, { contextOf, syncCatalogue, progress }) => {
    const tenant = (await listTenants(database)).find((tenant) => tenant.slug === slug);
    if (!tenant) throw new AdminError(`there is no tenant ${slug}: facet tenants list shows the names`);
    const context = contextOf({ tenant: tenant.id, actor: OPERATOR, surface: 'fhir', scopes: ['*'] });
    const result = await syncCatalogue(context, { isDryRun: dryRun !== undefined, progress });
    if ('kind' in result)
      throw new AdminError(`nothing was changed: the catalogue of the laboratory network could not be read (${result.why})`);
    const { labTests, markers, created, changed, unchanged, ended } = result;
    return [
      `${labTests} lab tests, and ${markers} markers that can be ordered alone`,
      ...textTable(['created', 'changed', 'unchanged', 'ended'], [[created, changed, unchanged, ended].map(String)]),
      ...(dryRun === undefined ? [] : ['dry run: nothing was written']),
    ];
  },
};

const SYNC_HELP = `
Reads the lab tests of the tenant's account and their markers, and stores an ActivityDefinition for each. Run it again at any time, for example every
night: unchanged entries are not written, and entries of tests that are no longer offered end.

The names and codes of an entry are the network's. Its status is yours: a retired entry orders nothing and stays retired. To order a test by a code of
your own, create another ActivityDefinition with both codes. docs/lab-catalogue.md explains both.

Examples:
  facet catalogue sync --tenant springfield --dry-run
  facet catalogue sync --tenant springfield`;

export const defineCatalogueCommands: DefineCommands = (catalogue, run) => {
  catalogue
    .command('sync')
    .description('fill and refresh the catalogue of a tenant from the laboratory network')
    .requiredOption('--tenant <name>', 'the tenant')
    .option('--dry-run', 'count what would change, and write nothing')
    .addHelpText('after', SYNC_HELP)
    .action(({ tenant, dryRun }: { tenant: string; dryRun?: boolean }) =>
      run('catalogue sync', { tenant, ...(dryRun && { dryRun: 'true' }) }),
    );
};
