// Bounds the requests of each tenant that are in flight in this process, before anything of them is read, so that a refusal costs nearly nothing and the
// requests of one tenant do not fill the process. docs/decisions/0055-overload.md
import type { Request, Response } from 'express';
import { unavailable } from '../../fhir/outcome.ts';
import { onClose } from './on-close.ts';

/** The most requests of one tenant in flight in a process: those that wait for the database included. */
export const MAX_REQUESTS_IN_FLIGHT = 200;

/** Counts a request of a tenant until its response has ended or its client has left. Throws 503 if too many are in flight. */
export type AdmitRequest = (tenant: number, req: Request, res: Response) => void;

/** `onRefusal` is called for each request that is refused. */
export function createAdmission(onRefusal: () => void = () => {}): AdmitRequest {
  const inFlight = new Map<number, number>();
  const leave = (tenant: number): void => {
    const left = inFlight.get(tenant)! - 1;
    if (left === 0) inFlight.delete(tenant);
    else inFlight.set(tenant, left);
  };
  return (tenant, req, res) => {
    const count = inFlight.get(tenant) ?? 0;
    if (count >= MAX_REQUESTS_IN_FLIGHT) {
      onRefusal();
      throw unavailable('too many requests of this tenant are in flight: send fewer at once', 1);
    }
    inFlight.set(tenant, count + 1);
    onClose(req, res, () => leave(tenant));
  };
}
