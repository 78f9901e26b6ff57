// Bounds the requests of each tenant that are under way in this process, before anything of them is read, so that a refusal costs nearly nothing and the
// requests of one tenant do not fill the process. docs/decisions/0055-overload.md
import type { Response } from 'express';
import { unavailable } from '../../fhir/outcome.ts';

/** The most requests of one tenant under way in a process: those that wait for the database included. */
export const MOST_UNDER_WAY = 200;

/** Counts a request until its response has ended or its client has left. Throws 503 if too many of its tenant are under way. */
export type AdmitRequest = (tenant: number, res: Response) => void;

export function createAdmission(most = MOST_UNDER_WAY): AdmitRequest {
  const underWay = new Map<number, number>();
  const leave = (tenant: number): void => {
    const left = underWay.get(tenant)! - 1;
    if (left === 0) underWay.delete(tenant);
    else underWay.set(tenant, left);
  };
  return (tenant, res) => {
    const count = underWay.get(tenant) ?? 0;
    if (count >= most) throw unavailable('too many requests of this tenant are under way: send fewer at once', 1);
    underWay.set(tenant, count + 1);
    res.once('close', () => leave(tenant));
  };
}
