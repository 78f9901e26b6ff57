// A page of a search, and where the next one starts.
import type { Row, Text } from '../resources/row.ts';

/** A position in an ordered result: the sort values of the last row seen and its storing number. */
export type Position = (string | null)[];

/** Where to start: after a position, or (vendor paging only) at an offset. */
export interface Start {
  after?: Position;
  offset?: number;
}

export interface Page {
  rows: Row[];
  included: Row[];
  /** `:iterate` was followed as far as it goes, and there would be more. */
  deeper?: true;
  /** Where the next page starts; absent on the last. */
  next?: Position;
  total?: number;
}

/** The page of a search that only the resources themselves are wanted of. */
export interface TextPage extends Pick<Page, 'next' | 'total'> {
  rows: Text[];
}
