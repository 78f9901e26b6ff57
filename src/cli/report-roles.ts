// `facet tenants report-role`: database roles that read one tenant by SQL.
import { record } from '../administration/administration.ts';
import { bindReportRole, releaseReportRole } from '../store/report-roles.ts';
import { findTenant } from '../store/tenants.ts';
import { AdminError, type AdminOperation, toAdministration } from './admin-command.ts';

export const bindRole: AdminOperation = async (database, { slug = '', role = '', remove }, context) => {
  if (database.engine === 'embedded') throw new AdminError('database roles need a PostgreSQL server: set DATABASE_URL');
  const tenant = await findTenant(database, { slug });
  if (!tenant) throw new AdminError(`there is no tenant ${slug}: facet tenants list shows the names`);
  const administration = toAdministration(database, context);
  return database.transaction(async (transaction) => {
    const note = (action: 'report-role-bound' | 'report-role-released') =>
      record(administration, transaction, { tenant: tenant.id, action, role });
    if (remove !== undefined) {
      if (!(await releaseReportRole(transaction, tenant.id, role)))
        throw new AdminError(`the role ${role} does not read the tenant ${slug}`);
      await note('report-role-released');
      return [`the role ${role} reads nothing any more`];
    }
    const refusal = await bindReportRole(transaction, tenant.id, role);
    if (refusal) throw new AdminError(REFUSALS[refusal](role));
    await note('report-role-bound');
    return [`the role ${role} reads the resources of the tenant ${slug}, and nothing else`];
  });
};

const REFUSALS: Record<Exclude<Awaited<ReturnType<typeof bindReportRole>>, undefined>, (role: string) => string> = {
  'no such role': (role) => `there is no database role ${role}: create it first (psql: create role ${role} login password '…')`,
  'not held': (role) =>
    `row-level security does not hold the role ${role}: it is a superuser, has BYPASSRLS, or is a member of the owner of the tables. Use another role`,
  'other tenant': (role) => `the role ${role} reads another tenant: use one role for each tenant, or remove it there first (--remove)`,
  'no policies': () => 'this database has no row-level security, because Citus distributes its tables',
};
