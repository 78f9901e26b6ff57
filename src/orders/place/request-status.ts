// Whether a request has ended or was revoked, by its status. https://hl7.org/fhir/R4/request.html#statemachine
import type { Resource } from '../../fhir/types.ts';

const ENDED_STATUSES = new Set<unknown>(['revoked', 'entered-in-error', 'completed']);

/** Whether nothing more is to be done for a request. */
export const isEnded = ({ status }: Resource): boolean => ENDED_STATUSES.has(status);

const REVOKED_STATUSES = new Set<unknown>(['revoked', 'entered-in-error']);

/** Whether the request was revoked, by users or by the network. */
export const isRevoked = ({ status }: Resource): boolean => REVOKED_STATUSES.has(status);
