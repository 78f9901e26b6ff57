// The demographics and the insurances of a user, and what an order that is billed to an insurance needs. https://docs.junction.com/lab/overview/insurance
// The statuses and texts of refusals are invented: the description names none.
import { randomUUID } from 'node:crypto';
import { isObject } from '../fhir/json-values.ts';
import { buildPersonRules, checkFields } from './observed-rules.ts';
import { ok, type Reply, refuse, type SandboxInsurance, type SandboxRequest, type SandboxState } from './sandbox-state.ts';

const COMPANY_ADDRESS = { first_line: '1 Payor Way', second_line: null, country: 'US', zip: '12207', city: 'Albany', state: 'NY' };

const INSURANCE_RULES = { ...buildPersonRules('insured.'), ...buildPersonRules('guarantor.') };

const isKnownUser = ({ users, now }: SandboxState, id: string): boolean =>
  [...users.values()].some(({ user_id, deletedAt = Number.POSITIVE_INFINITY }) => user_id === id && now().getTime() < deletedAt);

/** Replaces the demographics. */
export function updateUserInfo(state: SandboxState, { path: [id = ''], body }: SandboxRequest): Reply {
  if (!isKnownUser(state, id)) return refuse(404, 'User not found.');
  const errors = checkFields(body, buildPersonRules(''));
  if (errors.length) return refuse(422, errors);
  state.userInfo.set(id, body);
  return ok(body);
}

/** "The endpoint creates a new record; it does not update an existing one. The user must already have demographics." */
export function createInsurance(state: SandboxState, { path: [id = ''], body }: SandboxRequest): Reply {
  if (!isKnownUser(state, id)) return refuse(404, 'User not found.');
  const errors = checkFields(body, INSURANCE_RULES);
  if (errors.length) return refuse(422, errors);
  if (!state.userInfo.has(id)) return refuse(400, 'User does not have demographics.');
  if (body.relationship !== 'Self' && !isObject(body.guarantor)) return refuse(400, 'guarantor is required if relationship is not Self.');
  const insurance = { id: randomUUID(), sent: body };
  state.insurances.set(id, [...listInsurances(state, id), insurance]);
  return ok(toInsuranceJson(insurance));
}

export function readLatestInsurance(state: SandboxState, { path: [id = ''], query }: SandboxRequest): Reply {
  const latest = listInsurances(state, id).findLast((insurance) => isPrimary(insurance) === (query.get('is_primary') !== 'false'));
  return latest ? ok(toInsuranceJson(latest)) : refuse(404, 'Insurance not found.');
}

const listInsurances = (state: SandboxState, userId: string): SandboxInsurance[] => state.insurances.get(userId) ?? [];

/** "`is_primary` defaults to `true`." */
const isPrimary = ({ sent }: SandboxInsurance): boolean => sent.is_primary !== false;

const toInsuranceJson = ({ sent }: SandboxInsurance): object => ({
  ...sent,
  group_id: sent.group_id ?? null,
  guarantor: sent.guarantor ?? null,
  is_primary: sent.is_primary !== false,
  company: { name: `Payor ${sent.payor_code}`, address: COMPANY_ADDRESS },
});

/** The insurance that an order of this user is billed to: "the user's most recently created primary insurance record". Undefined: another billing type. */
export const findBilledInsurance = (
  state: SandboxState,
  { billing_type: type, user_id: id }: Record<string, unknown>,
): string | undefined => (type === 'commercial_insurance' ? listInsurances(state, String(id)).findLast(isPrimary)?.id : undefined);

/** Why an order cannot be billed to an insurance; undefined: it can, or is not. */
export function checkBilling(state: SandboxState, body: Record<string, unknown>): string | undefined {
  if (body.billing_type !== 'commercial_insurance') return undefined;
  if (!Array.isArray(body.icd_codes) || body.icd_codes.length === 0) return 'icd_codes are required for commercial_insurance.';
  return findBilledInsurance(state, body) === undefined ? 'User does not have a primary insurance.' : undefined;
}
