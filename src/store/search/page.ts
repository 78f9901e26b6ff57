// A page of a search, and where the next one starts.
import type { BodyRow, ResourceRow } from '../resources/resource-row.ts';

/** A position in an ordered result: the sort values of the last row seen and its storing number. */
export type Position = (string | null)[];

/** Where to start: after a position, or (vendor paging only) at an offset. */
export interface PageStart {
  after?: Position;
  offset?: number;
}

export interface ResultPage {
  rows: ResourceRow[];
  included: ResourceRow[];
  /** `:iterate` was followed as far as it goes, and there would be more. */
  isTruncated?: true;
  /** Where the next page starts; absent on the last. */
  next?: Position;
  total?: number;
}

/** The page of a search that only the resources themselves are wanted of. */
export interface BodyPage extends Pick<ResultPage, 'next' | 'total'> {
  rows: BodyRow[];
}
