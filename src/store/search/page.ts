// A page of a search, and the position where the next page starts.
import type { BodyRow, FoundRow, ResourceRow } from '../resources/resource-row.ts';

/** A position in an ordered result: the sort values of the last row of a page, and its pid. */
export type Position = (string | null)[];

/** Where to start: after a position, or (vendor paging only) at an offset. */
export interface PageStart {
  after?: Position;
  offset?: number;
}

/** `Row`: with the columns of the version, or only what a FHIR search returns. */
export interface ResultPage<Row extends FoundRow = ResourceRow> {
  rows: Row[];
  included: Row[];
  /** `:iterate` reached the limit of steps, and more resources would be included. */
  isTruncated?: true;
  /** Where the next page starts; absent on the last page. */
  next?: Position;
  total?: number;
}

/** A page with only the bodies of resources, without versions and included resources. */
export interface BodyPage extends Pick<ResultPage, 'next' | 'total'> {
  rows: BodyRow[];
}
