// A lease: until its end, no other worker processes the same row. After a crash, the row is free again when the lease ends.

/** `by`: the worker. `at`: now. `until`: the end of the lease. Times are ISO 8601. */
export interface Lease {
  by: string;
  at: string;
  until: string;
}

/** A lease of `ms` milliseconds, from now. */
export const createLease = (now: Date, by: string, ms: number): Lease => ({
  by,
  at: now.toISOString(),
  until: new Date(now.getTime() + ms).toISOString(),
});
