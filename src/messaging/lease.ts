// A lease: while it lasts, nobody else works on the same thing. It outlives a crashed process only until its time.

/** Who has the lease until when; times are ISO 8601. */
export interface Lease {
  by: string;
  at: string;
  until: string;
}

/** For `by`, from now, for so many ms. */
export const createLease = (now: Date, by: string, ms: number): Lease => ({
  by,
  at: now.toISOString(),
  until: new Date(now.getTime() + ms).toISOString(),
});
