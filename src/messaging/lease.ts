// A lease: a promise that nobody else does the same at the same time. It outlives a crashed process only until its time.

/** Who does something until when; times are ISO 8601. */
export interface Lease {
  by: string;
  at: string;
  until: string;
}

/** Of `by`, from now, for so many ms. */
export const leaseFrom = (now: Date, by: string, ms: number): Lease => ({
  by,
  at: now.toISOString(),
  until: new Date(now.getTime() + ms).toISOString(),
});
