// External steps: work outside the database that a create waits for (an order at the lab network, the registration of a physician). A mapping names its step in
// `port:`, and the server provides the implementation.
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';

/** The values of `port:` in mappings. */
export const EXTERNAL_STEPS = ['lab-order', 'physician'] as const;

/** The item that a request has stored. */
interface ExternalStepItem {
  resourceId: string;
  /** The id of the item: of the resource, or of the element for shapes whose items are elements. */
  id: string;
  /** The key of the element (`NY`). Empty for shapes whose items are whole resources. */
  key: string;
  /** The fields of this request as a separate resource, without what other requests have stored in the resource. */
  toResource(): Resource;
}

/** The fields that only the server sets. */
export type StepFields = Record<string, unknown>;

/** This request alone completes the item. */
export interface StepClaim {
  state: 'claimed';
  /** Called after the commit. Resolves to the fields of the response, or to undefined if the step has written them itself. Fails with `upstream` (502). */
  run(context: Context): Promise<StepFields | undefined>;
  /** Called in the transaction that stores the fields: ends the claim. False: another request has taken over the claim. Absent: claims cannot be taken over. */
  complete?(context: Context, fields: StepFields | undefined): Promise<boolean>;
  /** Called after a failure, so that the next attempt need not wait. */
  release?(context: Context): Promise<void>;
}

export interface ExternalStep {
  /**
   * Called after the write, in the transaction that writes the item. The transaction is rolled back unless the result is a claim. `complete`: the step has
   * succeeded before, so the request is a duplicate. `busy`: another request runs the step. `wait` resolves when that request has ended. It fails with `upstream`
   * if the time since `startedAt` (ms, from performance.now()) is too long.
   */
  claim(
    context: Context,
    item: ExternalStepItem,
  ): Promise<StepClaim | { state: 'complete' } | { state: 'busy'; wait(context: Context, startedAt: number): Promise<void> }>;
}
