// A Coverage of the demo patient, with its payor and a relative, and a request that is billed to it.
import type { Resource } from '../../src/fhir/types.ts';
import type { SandboxState } from '../../src/junction-sandbox/sandbox-state.ts';
import { sendNow } from '../../src/orders/deliver/attempt-delivery.ts';
import { ADA, type OrderFixture, REQUEST, SYSTEMS } from './order-fixture.ts';

export const PAYOR: Resource = {
  resourceType: 'Organization',
  id: 'payor',
  name: 'United',
  identifier: [{ system: SYSTEMS.payor, value: 'UNITE' }],
};

export const ANNE: Resource = {
  ...ADA,
  resourceType: 'RelatedPerson',
  id: 'anne',
  patient: { reference: 'Patient/ada' },
  name: [{ given: ['Anne'], family: 'Byron' }],
  birthDate: '1960-05-17',
  telecom: [
    { system: 'phone', value: '+15184731123' },
    { system: 'email', value: 'anne@example.com' },
  ],
};

export const COVERAGE: Resource = {
  resourceType: 'Coverage',
  id: 'c',
  status: 'active',
  beneficiary: { reference: 'Patient/ada' },
  subscriber: { reference: 'Patient/ada' },
  subscriberId: 'M-1',
  payor: [{ reference: 'Organization/payor' }],
  class: [{ type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/coverage-class', code: 'group' }] }, value: 'G7' }],
};

export const INSURED: Resource = {
  ...REQUEST,
  insurance: [{ reference: 'Coverage/c' }],
  reasonCode: [{ coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'E28.2' }] }],
};

/** The member whose insurance each order at the sandbox is billed to, by the order's passthrough; undefined: another billing type. */
export const listBilledMembers = ({ orders, insurances }: SandboxState): Map<string | null, unknown> => {
  const records = new Map([...insurances.values()].flat().map(({ id, sent }) => [id, sent.member_id]));
  return new Map([...orders.values()].map(({ passthrough, insuranceId }) => [passthrough, records.get(insuranceId ?? '')]));
};

/** All records of insurances at the sandbox. */
export const countInsurances = ({ insurances }: SandboxState): number => [...insurances.values()].flat().length;

/** Sends the order `one` by a process that dies before or after this call. */
export async function dieAt(
  fixture: OrderFixture,
  call: 'updateUserInfo' | 'createInsurance' | 'createOrder',
  when: 'before' | 'after',
): Promise<void> {
  const sender = fixture.createSender();
  let isDead = false;
  const client = {
    ...sender.client,
    [call]: async (...values: never[]) => {
      // type assertion: the three calls have different arguments, which are passed on
      if (when === 'after') await (sender.client[call] as (...values: never[]) => Promise<unknown>)(...values);
      isDead = true;
      return new Promise(() => {});
    },
  };
  void sendNow({ ...sender, client }, fixture.context, 'one').catch(() => undefined);
  while (!isDead) await new Promise((resolve) => setTimeout(resolve, 5));
}
