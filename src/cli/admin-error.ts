// A mistake of the operator's.

/** One sentence with the fix in it. */
export class AdminError extends Error {}
