// Junction's operations on the demographics and the insurance of a user. https://docs.junction.com/lab/overview/insurance
import { isObject } from '../fhir/json-values.ts';
import type { Outcome } from '../messaging/outcome.ts';
import { readTextField } from './json-fields.ts';
import { buildPath } from './path.ts';
import { classifyResponse, type createTransport } from './transport.ts';

/** Each request is aborted by its `signal`. */
export interface InsuranceClient {
  /** Replaces the user's demographics. */
  updateUserInfo(userId: string, body: string, signal: AbortSignal): Promise<Outcome<true>>;
  /** Creates another record, which becomes the user's primary insurance. `accepted` only if the response is about the same member. */
  createInsurance(userId: string, body: string, signal: AbortSignal): Promise<Outcome<true>>;
  /**
   * `accepted`: the user's latest primary insurance has the member of this body. `refused` with 404: the user has none. `unknown` for another member: all
   * records of a user have the same one (docs/decisions/0044-insurance.md), so the response is not about this user.
   */
  findInsurance(userId: string, body: string, signal: AbortSignal): Promise<Outcome<true>>;
}

export function createInsuranceClient(send: ReturnType<typeof createTransport>): InsuranceClient {
  return {
    updateUserInfo: async (userId, body, signal) =>
      classifyResponse(await send({ method: 'PATCH', path: buildPath`/v2/user/${userId}/info`, body, signal }), (json) =>
        isObject(json) ? true : undefined,
      ),
    createInsurance: async (userId, body, signal) =>
      classifyResponse(await send({ method: 'POST', path: buildPath`/v2/user/${userId}/insurance`, body, signal }), (json) =>
        isSameMember(json, body) ? true : undefined,
      ),
    findInsurance: async (userId, body, signal) =>
      classifyResponse(await send({ method: 'GET', path: buildPath`/v2/user/${userId}/insurance/latest`, signal }), (json) =>
        isSameMember(json, body) ? true : undefined,
      ),
  };
}

/** The payor is not compared: the network infers the codes of some plans from the address. */
const isSameMember = (json: unknown, body: string): boolean => readMemberId(json) === readMemberId(JSON.parse(body));

/** Letters and digits only: the network may write the number in another form. */
const readMemberId = (json: unknown): string | undefined =>
  readTextField(json, 'member_id')
    ?.replace(/[^\p{L}\p{N}]/gu, '')
    .toUpperCase();
