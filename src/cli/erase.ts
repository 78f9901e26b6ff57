// `facet erase`: removes a patient for good, or counts what that would remove.
import { v7 } from 'uuid';
import { type Erasure, erasePatient } from '../administration/erase-patient.ts';
import { findTenantBySlug } from '../administration/tenants.ts';
import { chainHash } from '../audit/chain.ts';
import type { AuditFacts } from '../fhir/audit-event.ts';
import { OPERATOR } from '../interactions/context.ts';
import { appendAuditBatches, createAuditPartition, toAuditRow } from '../store/audit-events.ts';
import type { Database } from '../store/database/database.ts';
import { AdminError, type AdminOperation, type DefineCommands, toAdministration } from './admin-command.ts';
import { textTable } from './text-table.ts';

export const ERASE_OPERATIONS: Record<string, AdminOperation> = {
  erase: async (database, { slug = '', patient = '', yes }, context) => {
    const [type, id, ...rest] = patient.split('/');
    if (type !== 'Patient' || !id || rest.length) throw new AdminError('name the patient by type and id: Patient/<id>');
    const administration = toAdministration(database, context);
    const tenant = await findTenantBySlug(administration, slug);
    const at = context.now().toISOString();
    await createAuditPartition(database, at.slice(0, 7));
    const erasure = await erasePatient(administration, {
      tenant,
      patient: id,
      isDryRun: yes === undefined,
      audit: (transaction, count) => recordErasure(transaction, { tenant: tenant.id, patient: id, at, count }),
    });
    return describeErasure(erasure, { name: `${patient} of tenant ${slug}`, isDryRun: yes === undefined });
  },
};

/** The audit event of the erasure: a chain of its own, of one batch. It names the patient by id, and the number of the other resources. */
async function recordErasure(transaction: Database, erased: { tenant: number; patient: string; at: string; count: number }): Promise<void> {
  const { tenant, patient, at, count } = erased;
  const facts: AuditFacts = {
    id: v7(),
    at,
    requestId: v7(),
    door: 'cli',
    method: 'facet',
    route: 'erase',
    subtypes: ['delete'],
    status: 200,
    actor: OPERATOR,
    entities: [],
    patients: [`Patient/${patient}`],
    ...(count > 1 && { omitted: count - 1 }),
  };
  const row = toAuditRow(facts);
  const hash = chainHash('', at, [row.event]);
  await appendAuditBatches(transaction, [{ tenant, writer: v7(), seq: 1, recorded: at, hash, events: [row] }]);
}

function describeErasure({ resources, rows, kept, versions }: Erasure, { name, isDryRun }: { name: string; isDryRun: boolean }): string[] {
  const counts = Object.entries(resources).sort(([one], [other]) => one.localeCompare(other));
  const others = Object.entries(rows).filter(([table, count]) => count > 0 && !/^(resource|sx)/.test(table));
  return [
    ...(counts.length
      ? textTable(
          ['erased', 'resources'],
          [...counts, ...others].map(([what, count]) => [what, String(count)]),
        )
      : ['no resource of this patient is stored']),
    ...(versions ? [`${versions} past versions of other resources referred to the patient, and are erased`] : []),
    ...(kept.length ? [`${kept.length} resources belong to others, too, and are kept: ${kept.join(', ')}`, KEPT_TEXT] : []),
    ...(rows.outbox ? ['the laboratory network has its own record of this patient: ask it to erase that, too'] : []),
    isDryRun ? `dry run: nothing of ${name} was erased; --yes erases it` : `${name} is erased`,
  ];
}

const KEPT_TEXT = 'remove the references and what they say of the patient (update), then erase again: that erases the past versions';

const EXAMPLES = `
Examples:
  facet erase springfield Patient/01936b00-0000-7000-8000-0000000000aa         count what would be erased
  facet erase springfield Patient/01936b00-0000-7000-8000-0000000000aa --yes   erase it, with all versions

There is no way back but a backup. Backups and the lab network keep their copies.`;

export const defineEraseCommands: DefineCommands = (erase, run) => {
  erase
    .argument('<tenant>', 'the tenant')
    .argument('<patient>', 'Patient/<id>')
    .option('--yes', 'erase; without it nothing is changed')
    .addHelpText('after', EXAMPLES)
    .action((slug: string, patient: string, { yes }: { yes?: true }) => run('erase', { slug, patient, ...(yes && { yes: 'yes' }) }));
};
