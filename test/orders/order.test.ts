// What storing a ServiceRequest brings with it: accepted with a Task and an outbox entry, or refused before anything is written; once, however often it is written.
import type { Resource } from '../../src/fhir/types.ts';
import { create } from '../../src/interactions/create.ts';
import { remove } from '../../src/interactions/delete.ts';
import { eachInAWorld } from './each-world.ts';
import { ADA, type OrderWorld, orderWorld, PANEL_SYSTEM, REQUEST } from './order-world.ts';

let here: OrderWorld;
eachInAWorld(orderWorld, (world) => {
  here = world;
});
beforeEach(() => here.put(ADA));

const request = (id: string, more: object = {}): Resource => ({ ...REQUEST, id, ...more });

test('an order is stored with a Task and one entry with the exact text, whose key is also the passthrough', async () => {
  await here.put(request('first'));
  const entry = await here.entry('first');
  expect(entry).toMatchObject({ topic: 'order', subject: 'ServiceRequest/first', state: 'queued', attempts: 0 });
  const payload = JSON.parse(entry!.payload);
  expect(JSON.parse(payload.text)).toMatchObject({ passthrough: entry!.key, patient_details: { first_name: 'Ada' } });
  expect(entry!.payload).not.toContain('Patient/ada');
  expect(await here.tasks('first')).toEqual([
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
  await here.put(request('again', { status: 'draft' }));
  expect(await here.entry('again')).toBeUndefined();
  await here.put(request('again'));
  const entry = await here.entry('again');
  expect(entry).toBeDefined();
  for (const note of ['a', 'b']) await here.put(request('again', { note: [{ text: note }] }));
  await here.put(request('again', { status: 'on-hold' }));
  await here.put(request('again'));
  expect(await here.entry('again')).toEqual(entry);
});

test('ten concurrent writes of a new order create one entry', async () => {
  const writes = Array.from({ length: 10 }, (_, nth) => here.put(request('race', { patientInstruction: `${nth}` })));
  await Promise.all(writes);
  const { rows } = await here.context.store.search(here.tenant, {
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
  await here.put({ resourceType: 'Patient', id: 'bare', name: [{ given: ['No'], family: 'Phone' }], birthDate: '1990-01-01' });
  const refused = here.put(request('refused', { subject: { reference: 'Patient/bare' } }));
  await expect(refused).rejects.toMatchObject({ kind: 'rule' });
  await expect(refused).rejects.toThrow(/phone.*e-mail|e-mail.*phone/);
  expect(await here.context.store.read(here.tenant, 'ServiceRequest', 'refused')).toBeUndefined();
  expect(await here.entry('refused')).toBeUndefined();
  await here.put(request('refused', { subject: { reference: 'Patient/bare' }, status: 'draft' }));
  await expect(here.put(request('refused', { subject: { reference: 'Patient/bare' } }))).rejects.toMatchObject({ kind: 'rule' });
  expect((await here.read('ServiceRequest', 'refused')).status).toBe('draft');
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
  await expect(here.put(request('mistyped', by('pcoss')))).rejects.toMatchObject(unknown);
  await here.put(request('mistyped', { ...by('pcoss'), status: 'draft' }));
  await expect(here.put(request('mistyped', by('pcoss')))).rejects.toMatchObject(unknown);
  await here.put(request('mistyped', { ...by('pcoss'), intent: 'plan' }));
  await here.put(request('mistyped', by('2093-3', 'http://loinc.org')));
  expect(await here.entry('mistyped')).toBeUndefined();
  await here.put(request('mistyped', by('pcos')));
  expect(await here.entry('mistyped')).toMatchObject({ state: 'queued' });
});

test('a subject that is not a Patient of this server is refused, also a patient of another tenant', async () => {
  await expect(here.put(request('group', { subject: { reference: 'Group/g' } }))).rejects.toMatchObject({
    issues: [expect.objectContaining({ expression: ['ServiceRequest.subject'] })],
  });
  const other = { ...here.context, caller: { ...here.context.caller, tenant: here.tenant + 1000 } };
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
  await here.put(request('snapshot', { contained: [snapshot], supportingInfo: [{ reference: '#order-time-patient' }] }));
  const { text } = JSON.parse((await here.entry('snapshot'))!.payload);
  expect(JSON.parse(text).patient_details).toMatchObject({
    first_name: 'Augusta',
    last_name: 'King',
    dob: '1985-12-11',
    phone_number: '+15184731122',
  });
});

test('a request that was ordered and has ended cannot become active again: 409, and nothing changes', async () => {
  await here.put(request('over'));
  await here.put(request('over', { status: 'revoked' }));
  await expect(here.put(request('over'))).rejects.toMatchObject({ kind: 'conflict' });
});

test('an active order is not deleted; a revoked one is', async () => {
  await here.put(request('kept'));
  await expect(remove(here.context, { type: 'ServiceRequest', id: 'kept' })).rejects.toMatchObject({ kind: 'conflict' });
  await here.put(request('kept', { status: 'revoked' }));
  await remove(here.context, { type: 'ServiceRequest', id: 'kept' });
  expect((await here.context.store.read(here.tenant, 'ServiceRequest', 'kept'))?.body).toBeNull();
});
