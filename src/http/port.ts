// A step outside the store that a create waits for (an order to place, a physician to register): what the roof plugs into a shape's `port:`.
import type { View } from '../projection/shape.ts';
import type { Context } from '../resource/context.ts';
import type { Row } from '../store/store.ts';

/** One created item: its resource, and for shapes whose items are elements, which one. */
export interface PortItem {
  row: Row;
  /** The row key (`NY`), empty for shapes that are whole resources. */
  key: string;
  view: View;
}

export interface Port {
  /** Inside the transaction that writes the item. `complete`: this was answered before, and repeating it is a duplicate. */
  claim(context: Context, item: PortItem): Promise<'open' | 'complete'>;
  /** After the commit. Answers the fields that only the server fills in, or undefined when the port wrote them itself. Fails with `upstream` (502). */
  finish(context: Context, item: PortItem): Promise<View | undefined>;
  /** Inside the transaction that stores the answer's fields: the claim is complete. */
  settle(context: Context, item: PortItem): Promise<void>;
}
