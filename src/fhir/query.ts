// A search as the store answers it: what the parameters mean, in terms of the index rows. `search-request.ts` makes it from a query string,
// `src/store/search-sql.ts` turns it into SQL. https://hl7.org/fhir/R4/search.html
import type { Hash, ParameterNumber } from './index-rows.ts';
import type { ServedType } from './types.ts';

/** `column op at`: `from` and `to` are the ends of a range row (`to` lies outside of a date's range, inside of a number's). */
export interface Comparison {
  column: 'from' | 'to';
  op: '<' | '<=' | '>' | '>=';
  at: string;
}

/** A test of one search row. Lists named `any` are OR; the filters of a query are AND. */
export type Condition =
  | { on: 'token'; any: Hash[] }
  | { on: 'reference'; parameter: ParameterNumber; any: Hash[] }
  /** `from` ≤ norm < `to` (prefix), norm = `equals`, or norm holds `contains`. */
  | {
      on: 'string';
      parameter: ParameterNumber;
      any: ({ from: string; to: string } | { equals: string } | { contains: string; infix: boolean })[];
    }
  /** OR of ANDs. */
  | { on: 'date'; parameter: ParameterNumber; any: Comparison[][] }
  | { on: 'number'; parameter: ParameterNumber; unit?: Hash; any: Comparison[][] }
  | { on: 'lastUpdated'; any: { op: Comparison['op']; at: string }[][] }
  | { on: 'id'; any: string[] }
  /** Chain: a reference of `parameter` leads to a resource of one of `types` for which all of `where` hold. */
  | { on: 'chain'; parameter: ParameterNumber; types: ServedType[]; where: Condition[] }
  /** Reverse chain: a resource of `type` for which all of `where` hold refers here by `parameter`. */
  | { on: 'has'; type: ServedType; parameter: ParameterNumber; where: Condition[] }
  | { on: 'or'; any: Condition[] }
  | { on: 'and'; all: Condition[] }
  | { on: 'not'; condition: Condition }
  | { on: 'nothing' };

/** One sort key. Ties are broken by the order of storing, so that an order is always total. */
export type SortKey =
  | { by: 'lastUpdated' | 'id'; descending: boolean }
  | { by: 'string' | 'date' | 'number'; parameter: ParameterNumber; descending: boolean };

/** `_include` (the matches refer to it) or `_revinclude` (it refers to the matches). `targets`: only these types. */
export interface Inclusion {
  direction: 'include' | 'revinclude';
  /** The types on the far side that may come in; for revinclude exactly one. */
  types: ServedType[];
  /** Only from matches of this type. */
  source: ServedType;
  parameter: ParameterNumber;
}

export interface Query {
  type: ServedType;
  where: Condition[];
  sort: SortKey[];
  /** Page size; 0 asks for the total alone. */
  count: number;
  total: 'none' | 'estimate' | 'accurate';
  include: Inclusion[];
}
