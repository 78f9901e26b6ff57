// A search as the store answers it: what the parameters mean, in terms of the index rows. `request.ts` makes it from a query string,
// `src/store/search/statements.ts` turns it into SQL. https://hl7.org/fhir/R4/search.html

import type { GeoCircle } from '../indexing/geography.ts';
import type { Hash, ParameterNumber } from '../indexing/rows.ts';
import type { ServedType } from '../types.ts';

/** `column op at`: `from` and `to` are the ends of a range row (`to` lies outside of a date's range, inside of a number's). */
export interface Comparison {
  column: 'from' | 'to';
  op: '<' | '<=' | '>' | '>=';
  at: string;
}

/**
 * The parameter a side table's row is of: one type's own, that no other type has. `others`: the same parameter of other types, where a link may lead to several.
 */
export interface ParameterReference {
  parameter: ParameterNumber;
  others?: ParameterNumber[];
}

/** A test of one search row. Lists named `any` are OR; the filters of a query are AND. */
export type Condition =
  /**
   * `rare`: by its nature a value is had by few (an identifier, a telephone number). `frequent`: so many resources have one of these that reading in order
   * soon fills a page.
   */
  | { on: 'token'; any: Hash[]; rare?: true; frequent?: true }
  | ({ on: 'reference'; any: Hash[] } & ParameterReference)
  /**
   * A reference to one of these, or to what is above or below them by way of the references `links` (of `types`): https://hl7.org/fhir/R4/search.html#recursive
   */
  | ({ on: 'hierarchy'; direction: 'above' | 'below'; types: ServedType[]; links: ParameterNumber[]; any: Hash[] } & ParameterReference)
  | ({ on: 'string'; any: TextTest[] } & ParameterReference)
  /** OR of ANDs. */
  | ({ on: 'date'; any: Comparison[][] } & ParameterReference)
  /** `unit`: only where the unit is called so; `measure`: as it is compared, in that unit. Not both. */
  | ({ on: 'number'; unit?: Hash; measure?: Hash; any: Comparison[][] } & ParameterReference)
  /** One occurrence of an element: of this key (if one is given), with all of these forms, and a range or text. */
  | ({ on: 'composite'; key?: Hash; forms: Hash[]; within: Within } & ParameterReference)
  /** A position within one of the circles. */
  | ({ on: 'near'; any: GeoCircle[] } & ParameterReference)
  | { on: 'lastUpdated'; any: { op: Comparison['op']; at: string }[][] }
  | { on: 'id'; any: string[] }
  | { on: 'type'; types: ServedType[] }
  /** Chain: a reference of one of `parameters` leads to a resource of one of `types` for which all of `where` hold. */
  | { on: 'chain'; parameters: ParameterNumber[]; types: ServedType[]; where: Condition[] }
  /** Reverse chain: a resource of `type` for which all of `where` hold refers here by `parameter`. */
  | { on: 'has'; type: ServedType; parameter: ParameterNumber; where: Condition[] }
  /** `few`: other conditions leave few resources to test. */
  | { on: 'or'; any: Condition[]; few?: true }
  | { on: 'and'; all: Condition[] }
  | { on: 'not'; condition: Condition }
  | { on: 'nothing' };

/** `from` ≤ norm < `to` (prefix), norm = `equals`, norm is `among` these, ends so, or holds `contains`. */
export type TextTest =
  | { from: string; to: string }
  | { equals: string }
  | { among: string[] }
  | { ends: string; infix: boolean }
  | { contains: string; infix: boolean };

/** What the part of an occurrence that is no token must be: OR of ANDs on its number, its measure or its date, or a range of texts as above. */
export type Within = { of: 'number' | 'measure' | 'date'; any: Comparison[][] } | { of: 'norm'; from: string; to: string };

/** One sort key. Ties are broken by the order of storing, so that an order is always total. */
export type SortKey =
  | { by: 'lastUpdated' | 'id'; descending: boolean }
  | { by: 'string' | 'date' | 'number' | 'quantity' | 'token' | 'reference'; parameter: ParameterNumber; descending: boolean };

/** `_include` (they refer to it) or `_revinclude` (it refers to them). */
export interface Inclusion {
  direction: 'include' | 'revinclude';
  /** The types it starts from: only from matches of these; with `iterate` also from what has come in by then. */
  from: ServedType[];
  /** The types on the far side that may come in; for revinclude exactly one. */
  types: ServedType[];
  /** By any of these references. */
  parameters: ParameterNumber[];
  iterate: boolean;
}

/** What is asked of the resources of one type, and their order. */
export interface TypeQuery {
  type: ServedType;
  where: Condition[];
  sort: SortKey[];
}

export interface Query extends TypeQuery {
  /** The same search among the resources of further types, with sort keys of the same kinds: one result in one order. */
  otherTypes?: TypeQuery[];
  /** Page size; 0 asks for the total alone. */
  count: number;
  /** So long the texts of a page may be together, in bytes: it ends there, and what it includes is refused beyond. Absent: any length. */
  maxBytes?: number;
  total: 'none' | 'estimate' | 'accurate';
  include: Inclusion[];
}

/** What is asked of each type. */
export const listSlices = ({ type, where, sort, otherTypes = [] }: Query): TypeQuery[] => [{ type, where, sort }, ...otherTypes];
