// Storing a ServiceRequest: it is accepted with a Task and an outbox entry, or refused before anything is written, and once for repeated writes.
import type { Resource } from '../../src/fhir/types.ts';
import { create } from '../../src/interactions/create.ts';
import { remove } from '../../src/interactions/delete.ts';
import { openBeforeEach } from './open-before-each.ts';
import { ADA, type OrderFixture, openOrderFixture, PANEL_SYSTEM, REQUEST } from './order-fixture.ts';

let fixture: OrderFixture;
openBeforeEach(openOrderFixture, (opened) => {
  fixture = opened;
});
beforeEach(() => fixture.put(ADA));

const request = (id: string, more: object = {}): Resource => ({ ...REQUEST, id, ...more });

test('an order is stored with a Task and one entry with the exact text, whose key is also the passthrough', async () => {
  await fixture.put(request('first'));
  const entry = await fixture.entry('first');
  expect(entry).toMatchObject({ topic: 'order', subject: 'ServiceRequest/first', state: 'queued', attempts: 0 });
  const payload = JSON.parse(entry!.payload);
  expect(JSON.parse(payload.text)).toMatchObject({ passthrough: entry!.key, patient_details: { first_name: 'Ada' } });
  expect(entry!.payload).not.toContain('Patient/ada');
  expect(await fixture.tasks('first')).toEqual([
    expect.objectContaining({
      status: 'requested',
      intent: 'order',
      focus: { reference: 'ServiceRequest/first' },
      basedOn: [{ reference: 'ServiceRequest/first' }],
      for: { reference: 'Patient/ada' },
    }),
  ]);
});

test('a request that is written repeatedly is one order; a draft becomes an order when it is made active', async () => {
  await fixture.put(request('again', { status: 'draft' }));
  expect(await fixture.entry('again')).toBeUndefined();
  await fixture.put(request('again'));
  const entry = await fixture.entry('again');
  expect(entry).toBeDefined();
  for (const note of ['a', 'b']) await fixture.put(request('again', { note: [{ text: note }] }));
  await fixture.put(request('again', { status: 'on-hold' }));
  await fixture.put(request('again'));
  expect(await fixture.entry('again')).toEqual(entry);
});

test('ten concurrent writes of a new order create one entry', async () => {
  const writes = Array.from({ length: 10 }, (_, index) => fixture.put(request('race', { patientInstruction: `${index}` })));
  await Promise.all(writes);
  const { rows } = await fixture.context.store.search(fixture.tenant, {
    type: 'Task',
    where: [],
    sort: [],
    count: 100,
    total: 'none',
    include: [],
  });
  expect(rows.filter((row) => row.body!.includes('ServiceRequest/race'))).toHaveLength(1);
});

test('an order without required data is refused with all issues, and nothing is stored', async () => {
  await fixture.put({ resourceType: 'Patient', id: 'bare', name: [{ given: ['No'], family: 'Phone' }], birthDate: '1990-01-01' });
  const refused = fixture.put(request('refused', { subject: { reference: 'Patient/bare' } }));
  await expect(refused).rejects.toMatchObject({ kind: 'rule' });
  await expect(refused).rejects.toThrow(/phone.*e-mail|e-mail.*phone/);
  expect(await fixture.context.store.read(fixture.tenant, 'ServiceRequest', 'refused')).toBeUndefined();
  expect(await fixture.entry('refused')).toBeUndefined();
  await fixture.put(request('refused', { subject: { reference: 'Patient/bare' }, status: 'draft' }));
  await expect(fixture.put(request('refused', { subject: { reference: 'Patient/bare' } }))).rejects.toMatchObject({ kind: 'rule' });
  expect((await fixture.read('ServiceRequest', 'refused')).status).toBe('draft');
});

test('an active order with an unknown panel is refused with the known panels; a draft of it, a plan and other codes are stored', async () => {
  const by = (code: string, system = PANEL_SYSTEM) => ({ code: { coding: [{ system, code }] } });
  const unknown = {
    kind: 'rule',
    issues: [
      {
        expression: ['ServiceRequest.code'],
        text: expect.stringMatching(/^pcoss is not a panel .*did you mean pcos\?.*there are .*fertility/),
      },
    ],
  };
  await expect(fixture.put(request('mistyped', by('pcoss')))).rejects.toMatchObject(unknown);
  await fixture.put(request('mistyped', { ...by('pcoss'), status: 'draft' }));
  await expect(fixture.put(request('mistyped', by('pcoss')))).rejects.toMatchObject(unknown);
  await fixture.put(request('mistyped', { ...by('pcoss'), intent: 'plan' }));
  await fixture.put(request('mistyped', by('2093-3', 'http://loinc.org')));
  expect(await fixture.entry('mistyped')).toBeUndefined();
  await fixture.put(request('mistyped', by('pcos')));
  expect(await fixture.entry('mistyped')).toMatchObject({ state: 'queued' });
});

test('a subject that is not a Patient of this server is refused, also a patient of another tenant', async () => {
  await expect(fixture.put(request('group', { subject: { reference: 'Group/g' } }))).rejects.toMatchObject({
    issues: [expect.objectContaining({ expression: ['ServiceRequest.subject'] })],
  });
  const other = { ...fixture.context, caller: { ...fixture.context.caller, tenant: fixture.tenant + 1000 } };
  await expect(create(other, { type: 'ServiceRequest', draft: { resource: REQUEST, exact: REQUEST } })).rejects.toMatchObject({
    kind: 'rule',
  });
});

test('the contained snapshot of the patient is used before the stored Patient', async () => {
  const snapshot = {
    resourceType: 'Patient',
    id: 'order-time-patient',
    name: [{ given: ['Augusta'], family: 'King' }],
    birthDate: '1985-12-11',
  };
  await fixture.put(request('snapshot', { contained: [snapshot], supportingInfo: [{ reference: '#order-time-patient' }] }));
  const { text } = JSON.parse((await fixture.entry('snapshot'))!.payload);
  expect(JSON.parse(text).patient_details).toMatchObject({
    first_name: 'Augusta',
    last_name: 'King',
    dob: '1985-12-11',
    phone_number: '+15184731122',
  });
});

test('a request that was ordered and has ended cannot become active again: 409, and nothing changes', async () => {
  await fixture.put(request('over'));
  await fixture.put(request('over', { status: 'revoked' }));
  await expect(fixture.put(request('over'))).rejects.toMatchObject({ kind: 'conflict' });
});

test('an active order is not deleted; a revoked one is', async () => {
  await fixture.put(request('kept'));
  await expect(remove(fixture.context, { type: 'ServiceRequest', id: 'kept' })).rejects.toMatchObject({ kind: 'conflict' });
  await fixture.put(request('kept', { status: 'revoked' }));
  await remove(fixture.context, { type: 'ServiceRequest', id: 'kept' });
  expect((await fixture.context.store.read(fixture.tenant, 'ServiceRequest', 'kept'))?.body).toBeNull();
});
