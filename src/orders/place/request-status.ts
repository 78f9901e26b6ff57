// Decides by its status whether a request has ended or was revoked. https://hl7.org/fhir/R4/request.html#statemachine
import type { Resource } from '../../fhir/types.ts';

const ENDED_STATUSES = new Set<unknown>(['revoked', 'entered-in-error', 'completed']);

/** Whether the request has reached a final status. */
export const isEnded = ({ status }: Resource): boolean => ENDED_STATUSES.has(status);

const REVOKED_STATUSES = new Set<unknown>(['revoked', 'entered-in-error']);

/** Whether a user or the lab network has revoked the request. */
export const isRevoked = ({ status }: Resource): boolean => REVOKED_STATUSES.has(status);
