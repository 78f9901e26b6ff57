// lastUpdated of a version is never earlier than that of the version before, whatever the clock of the writing process. Clients that query changes since a time
// rely on this. https://hl7.org/fhir/R4/resource.html#Meta, https://hl7.org/fhir/R4/http.html#history
import type { Resource, ServedType } from '../../src/fhir/types.ts';
import { remove } from '../../src/interactions/delete.ts';
import { readModifyWrite } from '../../src/interactions/read-modify-write.ts';
import { readModifyWriteMany } from '../../src/interactions/read-modify-write-many.ts';
import { executeTransaction } from '../../src/interactions/transaction.ts';
import { update } from '../../src/interactions/update.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { openBeforeEach } from '../orders/open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture, REQUEST } from '../orders/order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});

const patient = (family: string): Resource => ({ ...ADA, id: 'p', name: [{ family }] });
const P = { type: 'Patient', id: 'p' } as const;
const draft = (family: string) => ({ resource: patient(family), exact: patient(family) });
const renamed = (family: string) => (current?: Resource) => current && { ...current, name: [{ family }] };

/** Each way to a new version of the patient. */
const WAYS: Record<string, () => Promise<unknown>> = {
  update: () => update(fixture.context, { ...P, draft: draft('Update') }),
  rewrite: () => readModifyWrite(fixture.context, { ...P, edit: (current) => ({ ...current, name: [{ family: 'Rewrite' }] }) }),
  'rewrite of several': () => readModifyWriteMany(fixture.context, [{ ...P, edit: renamed('Several') }]),
  'transaction of one entry': () =>
    executeTransaction(fixture.context, [{ index: 0, method: 'PUT', ...P, draft: draft('Transaction') }], async (_inside, done) => done),
  'transaction of two entries': () =>
    executeTransaction(
      fixture.context,
      [
        { index: 0, method: 'PUT', ...P, draft: draft('Two') },
        { index: 1, method: 'PUT', type: 'Patient', id: 'q', draft: { resource: { ...ADA, id: 'q' }, exact: { ...ADA, id: 'q' } } },
      ],
      async (_inside, done) => done,
    ),
  delete: () => remove(fixture.context, P),
  'update after the deletion': () => update(fixture.context, { ...P, draft: draft('Again') }),
};

test('the clock goes back by an hour before every write: no version, and no entry of the history, is older than the one before', async () => {
  await update(fixture.context, { ...P, draft: draft('First') });
  for (const write of Object.values(WAYS)) {
    fixture.advance(-3600);
    await write();
  }
  const versions = await fixture.context.store.readVersions(fixture.tenant, 'Patient', 'p', { count: 50 });
  expect(versions.map(({ version }) => version)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  expect(new Set(versions.map(({ lastUpdated }) => lastUpdated))).toEqual(new Set(['2026-11-21T12:00:00.000Z']));
  const times = versions.flatMap(({ body }) => (body === null ? [] : [(JSON.parse(body) as Resource).meta?.lastUpdated]));
  expect(new Set(times)).toEqual(new Set(['2026-11-21T12:00:00.000Z']));
  const timeline = await fixture.context.store.readHistory(fixture.tenant, { type: 'Patient', count: 100 });
  const ofPatient = timeline.filter(({ id }) => id === 'p');
  expect(ofPatient.map(({ version }) => version)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
});

test('a second that has passed counts again as soon as the clock is ahead', async () => {
  await update(fixture.context, { ...P, draft: draft('First') });
  fixture.advance(-3600);
  await update(fixture.context, { ...P, draft: draft('Second') });
  fixture.advance(3601);
  await update(fixture.context, { ...P, draft: draft('Third') });
  const versions = await fixture.context.store.readVersions(fixture.tenant, 'Patient', 'p', { count: 50 });
  expect(versions.map(({ lastUpdated }) => lastUpdated)).toEqual([
    '2026-11-21T12:00:01.000Z',
    '2026-11-21T12:00:00.000Z',
    '2026-11-21T12:00:00.000Z',
  ]);
});

test('a process whose clock is an hour behind sends an order: its request and its Task do not become older', async () => {
  await fixture.put(ADA);
  await fixture.put({ ...REQUEST, id: 'one' });
  fixture.advance(-3600);
  await fixture.put({ ...(await fixture.read('ServiceRequest', 'one')), status: 'on-hold' });
  await fixture.put({ ...(await fixture.read('ServiceRequest', 'one')), status: 'active' });
  fixture.advance(7200);
  const behind = { ...fixture.createSender(), clock: () => new Date('2026-11-21T11:00:00.000Z') };
  expect(await sendNow(behind, fixture.context, 'one')).toEqual({ result: 'accepted' });
  const task = JSON.parse((await fixture.entry('one'))!.payload).task as string;
  for (const [type, id] of [
    ['ServiceRequest', 'one'],
    ['Task', task],
  ] as [ServedType, string][]) {
    const versions = await fixture.context.store.readVersions(fixture.tenant, type, id, { count: 50 });
    const times = versions.map(({ lastUpdated }) => lastUpdated);
    expect(times.length).toBeGreaterThan(1);
    expect(times).toEqual([...times].sort().reverse());
  }
});
