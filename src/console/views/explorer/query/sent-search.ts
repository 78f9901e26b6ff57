// A search that was sent: its result is what is shown, also while the form says something else already.
import type { Row } from '../form/rows.ts';
import type { SearchQuery } from './search-query.ts';

export interface SentSearch {
  query: SearchQuery;
  /** The rows of the form, one for each parameter. */
  rows: Row[];
  /** The opaque parameter of a page link; absent: the first page. */
  page?: string;
}
