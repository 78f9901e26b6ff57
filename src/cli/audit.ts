// `facet audit`: verifies the chains of the audit, and exports AuditEvents.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { compareAnchor, listAnchorLines, parseAnchor } from '../audit/anchor.ts';
import { exportAuditEvents } from '../audit/reader.ts';
import { type AuditCount, verifyAudit } from '../audit/verify.ts';
import type { AuditFault } from '../audit/verify-chain.ts';
import { parseDateRange } from '../fhir/date-range.ts';
import { listDroppedMonths } from '../store/audit-chains.ts';
import { NO_TENANT } from '../store/audit-events.ts';
import type { Database } from '../store/database/database.ts';
import { findTenant, listTenants } from '../store/tenants.ts';
import { type AdminContext, AdminError, type AdminOperation, type DefineCommands, type Options, type RunCommand } from './admin-command.ts';

const PROGRESS_MS = 2000;

const verify: AdminOperation = async (database, { tenant: slug, anchor }, context) => {
  const tenant = slug === undefined ? undefined : await findNumber(database, slug);
  const name = await buildNames(database);
  let faults = 0;
  const onFault = async (fault: AuditFault): Promise<void> => {
    faults++;
    await context.print(describeFault(fault, name(fault.tenant)));
  };
  const onProgress = createProgress(context);
  const count = await verifyAudit(database, { ...(tenant !== undefined && { tenant }), onFault, onProgress });
  if (anchor !== undefined) await compareAnchor(database, readAnchor(anchor), onFault);
  for (const { month, droppedAt, chains, batches, events } of await listDroppedMonths(database, tenant))
    await context.print(
      `deleted by the retention (FACET_AUDIT_RETENTION) at ${droppedAt}: the events of ${month}, ${events} in ${batches} batches of ${chains} chains`,
    );
  if (faults) throw new AdminError(`the audit is not intact: ${faults} ${faults === 1 ? 'fault' : 'faults'} in ${describeCount(count)}`);
  return [`the audit is intact: ${describeCount(count)}`];
};

const describeFault = ({ writer, seq, recorded, text }: AuditFault, tenant: string): string =>
  `${tenant}, process ${writer}, batch ${seq}${recorded === undefined ? '' : ` of ${recorded}`}: ${text}`;

const describeCount = ({ chains, batches, events }: AuditCount): string => `${events} events, ${batches} batches, ${chains} chains`;

function createProgress({ now, progress }: AdminContext): (count: AuditCount) => void {
  let reported = now().getTime();
  return (count) => {
    if (now().getTime() - reported < PROGRESS_MS) return;
    reported = now().getTime();
    progress(`${describeCount(count)} verified`);
  };
}

function readAnchor(text: string) {
  const anchor = parseAnchor(text);
  if (!anchor) throw new AdminError('the file of --anchor is not an anchor of the audit: name the file that an earlier run has written');
  return anchor;
}

const listEnds: AdminOperation = async (database, _options, { print }) => {
  for await (const line of listAnchorLines(database)) await print(line);
  return [];
};

async function exportEvents(database: Database, { tenant: slug, from, to }: Options, { print, now }: AdminContext): Promise<string[]> {
  const tenant = slug === undefined ? NO_TENANT : await findNumber(database, slug);
  const range = { from: readRange('from', from)?.from ?? '-infinity', to: readRange('to', to)?.to ?? now().toISOString() };
  for await (const line of exportAuditEvents(database, tenant, range)) await print(line);
  return [];
}

function readRange(option: string, text: string | undefined) {
  const range = text === undefined ? undefined : parseDateRange(text);
  if (text !== undefined && !range)
    throw new AdminError(`--${option} must be a date or a time: 2026-11, 2026-11-25 or 2026-11-25T08:00:00Z`);
  return range;
}

async function findNumber(database: Database, slug: string): Promise<number> {
  const tenant = await findTenant(database, { slug });
  if (!tenant) throw new AdminError(`there is no tenant ${slug}: facet tenants list shows the names`);
  return tenant.id;
}

/** Tenant number → how a person calls it. */
async function buildNames(database: Database): Promise<(tenant: number) => string> {
  const names = new Map((await listTenants(database)).map(({ id, slug }) => [id, `tenant ${slug}`]));
  return (tenant) => names.get(tenant) ?? (tenant === NO_TENANT ? 'requests without a tenant' : `unknown tenant ${tenant}`);
}

export const AUDIT_OPERATIONS: Record<string, AdminOperation> = {
  'audit verify': verify,
  'audit ends': listEnds,
  'audit export': exportEvents,
};

/** The file is read and written here, also when a running server verifies. It is replaced only if the audit is intact. */
async function verifyWithAnchor(file: string, run: RunCommand): Promise<void> {
  const isFirst = !existsSync(file);
  await run('audit verify', { ...(!isFirst && { anchor: readFileSync(file, 'utf8') }) });
  const lines: string[] = [];
  await run('audit ends', {}, async (line) => void lines.push(`${line}\n`));
  writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  console.log(
    `${isFirst ? 'there was no anchor to compare; a new one' : 'the anchor agrees; the new one'} is in ${file}: ${lines.length} chains`,
  );
}

const VERIFY_HELP = `
Exit code 1: a batch or an event was changed, added, removed or put in another order. Each fault is a line with the tenant, the process, the
number and the time of the batch. Whoever can write to the database can also remove whole chains, or their ends: --anchor compares with the
ends of an earlier run, and then replaces them. Keep that file where nobody who can write to the database can change it.

Example:
  facet audit verify --anchor /secure/audit.anchor`;

const EXPORT_HELP = `
Example:
  facet audit export springfield --from 2026-11 --to 2026-11-25 | gzip > audit.ndjson.gz`;

export const defineAuditCommands: DefineCommands = (audit, run) => {
  audit
    .command('verify [tenant]')
    .description('check that no stored event was changed, added or removed; without a tenant: of all tenants')
    .option('--anchor <file>', 'compare with the ends of all chains in this file, and write the present ones')
    .addHelpText('after', VERIFY_HELP)
    .action(async (tenant: string | undefined, { anchor }: { anchor?: string }) => {
      if (anchor === undefined) return run('audit verify', { tenant });
      if (tenant !== undefined) throw new AdminError('an anchor has the chains of all tenants: leave out the tenant, or --anchor');
      return verifyWithAnchor(anchor, run);
    });
  audit
    .command('export [tenant]')
    .description('print the AuditEvents of a tenant as NDJSON, oldest first')
    .option('--from <date>', 'of this date or time, and later')
    .option('--to <date>', 'until the end of this date or time (default: now)')
    .option('--refused', 'requests without a known credential (401), which belong to no tenant')
    .addHelpText('after', EXPORT_HELP)
    .action((tenant: string | undefined, { refused, ...range }: { from?: string; to?: string; refused?: true }) => {
      if ((tenant === undefined) === (refused === undefined)) throw new AdminError('name a tenant, or --refused');
      return run('audit export', { tenant, ...range });
    });
};
