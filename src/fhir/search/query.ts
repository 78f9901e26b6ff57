// The Query: a search in terms of index rows. `request.ts` parses it from a query string, and `src/store/search/statements.ts` translates it into SQL.
// https://hl7.org/fhir/R4/search.html
import type { GeoCircle } from '../indexing/geography.ts';
import type { Hash, ParameterNumber } from '../indexing/rows.ts';
import type { SharedTexts } from '../indexing/shared-texts.ts';
import type { ServedType } from '../types.ts';

/** `column op at`. `from` and `to` are the ends of a range row. `to` is exclusive for dates and inclusive for numbers. */
export interface Comparison {
  column: 'from' | 'to';
  op: '<' | '<=' | '>' | '>=';
  at: string;
}

/**
 * The parameter of an index row. Each parameter number belongs to one type. `others`: the parameters with the same code of other types.
 */
export interface ParameterReference {
  parameter: ParameterNumber;
  others?: ParameterNumber[];
}

/** A test of one resource. Members of `any` are combined by OR. The conditions of a query are combined by AND. */
export type Condition =
  /**
   * `rare`: few resources have such a value (an identifier, a telephone number). `frequent`: so many resources have one of these values that reading them in
   * the sort order soon fills a page.
   */
  | { on: 'token'; any: Hash[]; rare?: true; frequent?: true }
  | ({ on: 'reference'; any: Hash[] } & ParameterReference)
  /**
   * A reference to one of these resources, or to a resource above or below them by the references `links` of `types`.
   * https://hl7.org/fhir/R4/search.html#recursive
   */
  | ({ on: 'hierarchy'; direction: 'above' | 'below'; types: ServedType[]; links: ParameterNumber[]; any: Hash[] } & ParameterReference)
  | TextCondition
  /** The words of a text. https://hl7.org/fhir/R4/search.html#text */
  | ({ on: 'text'; words: WordTest } & ParameterReference)
  /** OR of ANDs. */
  | ({ on: 'date'; any: Comparison[][] } & ParameterReference)
  /** `unit`: only values with this unit as written. `measure`: values converted to this unit. At most one of both. */
  | ({ on: 'number'; unit?: Hash; measure?: Hash; any: Comparison[][] } & ParameterReference)
  /** One occurrence of an element has this key (if any), all of these forms, and values within all ranges, in the order of RANGE_ORDER. At least one range. */
  | ({ on: 'composite'; key?: Hash; forms: Hash[]; within: Within[] } & ParameterReference)
  /** A position is within one of the circles. */
  | ({ on: 'near'; any: GeoCircle[] } & ParameterReference)
  | { on: 'lastUpdated'; any: { op: Comparison['op']; at: string }[][] }
  | { on: 'id'; any: string[] }
  | { on: 'type'; types: ServedType[] }
  /** Chain: a reference by one of `parameters` has a target of one of `types` for which all of `where` hold. */
  | { on: 'chain'; parameters: ParameterNumber[]; types: ServedType[]; where: Condition[] }
  /** Reverse chain: a resource of `type`, for which all of `where` hold, refers to this one by `parameter`. */
  | { on: 'has'; type: ServedType; parameter: ParameterNumber; where: Condition[] }
  /** `few`: other conditions leave few resources to test. */
  | { on: 'or'; any: Condition[]; few?: true }
  | { on: 'and'; all: Condition[] }
  | { on: 'not'; condition: Condition }
  | { on: 'nothing' };

/** `shared`: the rows of other parameters that may have texts of the parameter, and of `others`. */
export type TextCondition = { on: 'string'; any: TextTest[]; shared?: SharedTexts[] } & ParameterReference;

/** A test of the words of a text: folded words that follow each other, or a combination of tests. */
export type WordTest = { phrase: string } | { all: WordTest[] } | { any: WordTest[] } | { not: WordTest };

/** A test of a folded text (`norm`): in a range (`from` ≤ norm < `to`), equal (perhaps as written), one of several, by its end, or by a substring. */
export type TextTest =
  | { from: string; to: string }
  | { equals: string; spelling?: number }
  | { among: string[] }
  | { ends: string; infix: boolean }
  | { contains: string; infix: boolean };

/** The test of a range component: OR of ANDs on its number, measure or date, or a range of folded texts. */
export type Within = { of: 'number' | 'measure' | 'date'; any: Comparison[][] } | { of: 'norm'; from: string; to: string };

/** The order of the range tests of a row. The first one determines which rows are read from the index. */
export const RANGE_ORDER: readonly Within['of'][] = ['number', 'measure', 'date', 'norm'];

/** One sort key. Ties are broken by the storing number, so that the order is always total. */
export type SortKey =
  | { by: 'lastUpdated' | 'id'; descending: boolean }
  | {
      by: 'string' | 'date' | 'number' | 'quantity' | 'token' | 'reference';
      parameter: ParameterNumber;
      descending: boolean;
      /** Of strings without an index in their order: the rows of other parameters that may have the value. */
      shared?: SharedTexts;
    };

/** `_include` (resources that matches refer to) or `_revinclude` (resources that refer to matches). */
export interface Inclusion {
  direction: 'include' | 'revinclude';
  /** The types it starts from: only matches, with `iterate` also included resources. */
  from: ServedType[];
  /** The types that may be included. Exactly one for revinclude. */
  types: ServedType[];
  /** The reference parameters. Any of them is followed. */
  parameters: ParameterNumber[];
  iterate: boolean;
  /** Conditions on the included resources. */
  where?: Condition[];
}

/** The conditions on resources of one type, and their order. */
export interface TypeQuery {
  type: ServedType;
  where: Condition[];
  sort: SortKey[];
}

export interface Query extends TypeQuery {
  /** The search of further types, with sort keys of the same kinds. All types form one result in one order. */
  otherTypes?: TypeQuery[];
  /** Without `sort`, any order will do that is the same on every page. Absent: the order of storing. */
  anyOrder?: true;
  /** Page size. 0: only the total. */
  count: number;
  /** The size limit of a page in bytes. The page ends at the limit, and included resources beyond it are refused. Absent: no limit. */
  maxBytes?: number;
  /** `known`: the total only if the page shows it, without another statement. */
  total: 'none' | 'known' | 'estimate' | 'accurate';
  include: Inclusion[];
}

/** The query of each type. */
export const listSlices = ({ type, where, sort, otherTypes = [] }: Query): TypeQuery[] => [{ type, where, sort }, ...otherTypes];

/** Holds for every resource. */
export const MATCH_ALL: Condition = { on: 'and', all: [] };

/** Any of the conditions. A single condition is returned unchanged. */
export function combineWithOr(conditions: Condition[]): Condition {
  if (conditions.length === 1) return conditions[0]!;
  return conditions.length ? { on: 'or', any: conditions } : { on: 'nothing' };
}
