// `facet tenants report-role`: every change of a role is on record in the transaction of the change, and a refused one is not.
import { randomBytes } from 'node:crypto';
import { listKeyEvents } from '../../src/administration/keys.ts';
import { type AdminContext, toAdministration } from '../../src/cli/admin-command.ts';
import { TENANT_OPERATIONS } from '../../src/cli/tenants.ts';
import { createTenant, type Tenant } from '../../src/store/tenants.ts';
import { onServer, openTestStore, type TestStore } from '../store/open.ts';

const AT = '2026-01-01T00:00:00.000Z';
const ROLE = `facet_test_role_${randomBytes(5).toString('hex')}`;
// nothing else of the context is used by the command
const context = {
  keyPrefixes: {},
  mappings: {},
  now: () => new Date(Date.parse(AT) + ticks++),
  contextOf: () => ({}),
} as unknown as AdminContext;

let ticks = 0;
let test_: TestStore;
let tenant: Tenant;
beforeAll(async () => {
  test_ = await openTestStore();
  tenant = (await createTenant(test_.database, { slug: 'springfield', name: 'Springfield', at: AT }))!;
});
afterAll(() => test_.close());

const run = (options: { role: string; remove?: string }) =>
  TENANT_OPERATIONS['tenants report-role']!(test_.database, { slug: 'springfield', ...options }, context);
const listEvents = async () =>
  (await listKeyEvents(toAdministration(test_.database, context), tenant)).events.map(({ action, role, actor }) => [action, role, actor]);

onServer('a bound and a released role are on record; what is refused is not', async () => {
  await test_.database.script(`create role ${ROLE}`);
  try {
    await expect(run({ role: 'nobody' })).rejects.toThrow('there is no database role nobody');
    await expect(run({ role: ROLE, remove: 'yes' })).rejects.toThrow('does not read the tenant');
    expect(await listEvents()).toEqual([]);
    await run({ role: ROLE });
    await run({ role: ROLE, remove: 'yes' });
    expect(await listEvents()).toEqual([
      ['report-role-released', ROLE, 'operator'],
      ['report-role-bound', ROLE, 'operator'],
    ]);
    await test_.database.script('alter table admin_event rename to hidden_event');
    await expect(run({ role: ROLE })).rejects.toThrow('admin_event');
    expect(await test_.database.query('select role_name from report_role')).toEqual([]);
  } finally {
    await test_.database.script(`drop owned by ${ROLE}; drop role ${ROLE}`);
  }
});
