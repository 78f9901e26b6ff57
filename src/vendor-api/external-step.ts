// A step outside the store that a create waits for (an order to place, a physician to register): the server plugs one into each name of `port:`.
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';

/** The names by which mappings ask for a step. */
export const EXTERNAL_STEPS = ['lab-order', 'physician'] as const;

/** What a request has stored. */
interface ExternalStepItem {
  resourceId: string;
  /** The item's own id: the resource's, or for shapes whose items are elements, the element's. */
  id: string;
  /** The row key (`NY`), empty for shapes that are whole resources. */
  key: string;
  /** What the request says, as a resource of its own, without what others have written into the stored one. */
  toResource(): Resource;
}

/** The fields that only the server fills in. */
export type StepFields = Record<string, unknown>;

/** The item is this request's to finish. */
export interface StepClaim {
  state: 'claimed';
  /** After the commit. Resolves to the fields of the answer; undefined: the step has written them itself. Fails with `upstream` (502). */
  run(context: Context): Promise<StepFields | undefined>;
  /** Inside the transaction that stores the fields: ends the claim. False: another request has taken it over. Absent: it cannot be taken over. */
  complete?(context: Context, fields: StepFields | undefined): Promise<boolean>;
  /** After a failure: the next attempt need not wait. */
  release?(context: Context): Promise<void>;
}

export interface ExternalStep {
  /**
   * Inside the transaction that writes the item, after the write; it is rolled back unless the item is claimed. `complete`: the step has succeeded before, so
   * the request is a duplicate. `busy`: another request runs it; `wait` resolves when that has ended, and fails with `upstream` when the wait, counted from
   * `startedAt` (ms, as performance.now()), is too long.
   */
  claim(
    context: Context,
    item: ExternalStepItem,
  ): Promise<StepClaim | { state: 'complete' } | { state: 'busy'; wait(context: Context, startedAt: number): Promise<void> }>;
}
