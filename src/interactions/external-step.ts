// A step outside the store that a create waits for (an order to place, a physician to register): what the roof plugs into a shape's `port:`.
import type { Resource } from '../fhir/types.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import type { Context } from './context.ts';

/** One item as it stands: its resource, and for shapes whose items are elements, which one. */
export interface ExternalStepItem {
  row: ResourceRow;
  /** The item's own id. */
  id: string;
  /** The row key (`NY`), empty for shapes that are whole resources. */
  key: string;
  /** What the request says, as a resource of its own: nothing of what others say of the same thing. */
  own(): Resource;
}

/** An item that is this request's to finish. `by`: the name under which it is held, where the step tells holders apart. */
export interface HeldItem extends ExternalStepItem {
  by?: string | undefined;
}

/** `complete`: it was answered before, and repeating it is a duplicate. `busy`: another request is at it. */
type Claim = { state: 'complete' | 'busy' } | { state: 'open'; by?: string };

export interface ExternalStep {
  /** Inside the transaction that writes the item, after the write: it is rolled back unless the claim is open. */
  claim(context: Context, item: ExternalStepItem): Promise<Claim>;
  /** Outside of it, when the claim was busy: until whoever holds the item has let go. `since`: when the request began (ms, as performance.now()); fails with `upstream` when it has waited for too long. */
  wait(context: Context, item: ExternalStepItem, since: number): Promise<void>;
  /** After the commit. Answers the fields that only the server fills in, or undefined when the port wrote them itself. Fails with `upstream` (502). */
  finish(context: Context, item: HeldItem): Promise<Record<string, unknown> | undefined>;
  /** Inside the transaction that stores the answer's `fields`: the item is complete. False: it is no longer held, another request has taken over. */
  settle(context: Context, item: HeldItem, fields: Record<string, unknown> | undefined): Promise<boolean>;
  /** When it could not be finished: the next attempt need not wait. */
  release(context: Context, item: HeldItem): Promise<void>;
}
