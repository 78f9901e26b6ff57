// Orders that are billed to an insurance: what they name, and whether the network bills each to its own insurance.
import type { SandboxState } from '../../src/junction-sandbox/sandbox-state.ts';

export const PAYOR = {
  resourceType: 'Organization',
  id: 'payor',
  identifier: [{ system: 'https://loop.health/fhir/NamingSystem/junction-payor', value: 'UNITE' }],
};

/** One order in so many is billed to an insurance. */
const INSURED = 3;
/** How many insurances a patient has, one after the other and in turns. */
const POLICIES = 8;

/** The member whose insurance this order of a patient is billed to; undefined: none. */
export const memberOf = (n: number, patient: string): string | undefined =>
  n % INSURED === 0 ? `${patient}x${Math.floor(n / INSURED) % POLICIES}` : undefined;

/** The elements of a request that is billed to the insurance of this member. */
export const billingOf = (patient: string, member: string | undefined): object =>
  member === undefined
    ? {}
    : {
        insurance: [{ reference: '#coverage' }],
        reasonCode: [{ coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'E28.2' }] }],
        contained: [
          {
            resourceType: 'Coverage',
            id: 'coverage',
            status: 'active',
            beneficiary: { reference: `Patient/${patient}` },
            subscriber: { reference: `Patient/${patient}` },
            subscriberId: member,
            payor: [{ reference: 'Organization/payor' }],
          },
        ],
      };

/** `members`: by the key of each order, the member whose insurance it must be billed to. */
export function wronglyBilled(world: SandboxState, members: Map<string, string | undefined>): string[] {
  const records = new Map([...world.insurances.values()].flat().map(({ id, sent }) => [id, sent.member_id]));
  const orders = [...world.orders.values()].flatMap(({ id, passthrough, insuranceId }) => {
    const [expected, billed] = [members.get(passthrough ?? ''), insuranceId === null ? undefined : records.get(insuranceId)];
    return expected === billed ? [] : [`the order ${id} is billed to the insurance of ${billed}, not of ${expected}`];
  });
  const users = [...world.insurances].filter(([, all]) => new Set(all.map(({ sent }) => JSON.stringify(sent))).size > 1);
  return [
    ...orders,
    ...users.map(([userId]) => `the user ${userId} has different insurances`),
    ...insuredTwice(world)
      .filter((userId) => !wasDoublyFailed(world, userId))
      .map((userId) => `the user ${userId} was insured twice`),
  ];
}

/** Users with several records of their insurance. */
export const insuredTwice = ({ insurances }: SandboxState): string[] =>
  [...insurances].filter(([, all]) => all.length > 1).map(([userId]) => userId);

/** Whether the network refused to show the user's insurance, or worked at one longer than is waited for, after a response had been lost. */
const wasDoublyFailed = ({ requests }: SandboxState, userId: string): boolean =>
  requests.some(
    ({ operation, path: [id], fault }) =>
      id === userId &&
      ((operation === 'insurance' && fault?.kind === 'error' && fault.status === 403) ||
        (operation === 'createInsurance' && fault?.kind === 'slow')),
  );
