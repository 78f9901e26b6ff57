// The searches of a GraphQL query, by the same rules and scopes as in REST. https://hl7.org/fhir/R4/graphql.html#searching
import type { GraphqlConnection, GraphqlSearch, SearchArguments } from '../../fhir/graphql/environment.ts';
import type { GraphqlNode } from '../../fhir/graphql/node.ts';
import { toArgumentName } from '../../fhir/graphql/search-fields.ts';
import { REFERENCE_TARGETS } from '../../fhir/indexing/reference-values.ts';
import { readTypedValue } from '../../fhir/indexing/typed-value.ts';
import { isObject } from '../../fhir/json-values.ts';
import { invalid, notSupported, tooCostly } from '../../fhir/outcome.ts';
import { isFollowable } from '../../fhir/search/reference-parameter.ts';
import type { SearchParameter } from '../../fhir/search/registry.ts';
import { DEFAULT_COUNT, MAX_COUNT } from '../../fhir/search/result-parameters.ts';
import { isServed, type Resource, type ServedType } from '../../fhir/types.ts';
import type { FoundRow } from '../../store/resources/resource-row.ts';
import type { PageStart, Position, ResultPage } from '../../store/search/page.ts';
import type { Context } from '../context.ts';
import type { PageTokens } from '../page-token.ts';
import { search } from '../search.ts';
import { Batch } from './batch.ts';
import type { GraphqlBudget } from './budget.ts';
import { toNode } from './reads.ts';

type Parameters = [name: string, value: string][];

/** A search in REST's terms. `matches`: the argument `fhirpath`. */
interface PlainSearch {
  type: ServedType;
  parameters: Parameters;
  count?: number;
  fhirpath?: string;
}

/** Where a page begins. `offset`: the number of matches before it. */
interface PageBeginning {
  after?: Position;
  offset: number;
}

/** The content of a cursor: the search, the page, and the beginnings of the pages before it. */
interface Cursor extends PageBeginning {
  search: PlainSearch;
  earlier: PageBeginning[];
}

/** Bounds the length of a cursor. After this many steps back, a page has no previous one. */
const MAX_EARLIER = 10;

/** Reverse searches with the same arguments, for the resources of one level. */
interface ReverseSearch {
  search: PlainSearch;
  parameter: SearchParameter;
  focus: string;
}

interface SearchServices {
  context: Context;
  budget: GraphqlBudget;
  pageTokens: PageTokens;
  /** Whether a match meets the argument `fhirpath`. */
  meets(fhirpath: string, node: GraphqlNode, index: number): boolean;
}

/** The searches of one request. They run one after the other, so that one request does not use all connections. */
export class GraphqlSearches {
  private readonly services: SearchServices;
  private readonly batch: Batch<ReverseSearch, GraphqlNode[]>;
  private last: Promise<unknown> = Promise.resolve();

  constructor(services: SearchServices) {
    this.services = services;
    this.batch = new Batch(
      ({ search: plain, parameter, focus }) => JSON.stringify([plain, parameter.code, focus]),
      (searches) => this.searchReverse(searches),
    );
  }

  /** "The server returns everything, or an error." With `_count`, that many at most. */
  async list({ type, args, focus }: GraphqlSearch): Promise<GraphqlNode[]> {
    const plain = this.toPlainSearch(type, args);
    if (!focus) return this.filter(plain, await this.readAll(plain));
    const reverse = { search: plain, parameter: this.findReverseParameter(type, args, focus), focus: `${focus.type}/${focus.plain.id}` };
    // a number for each resource cannot be read for all of them at once
    if (plain.count === undefined) return this.filter(plain, await this.batch.get(reverse));
    return this.filter(plain, await this.readAll(addFocus(reverse, [reverse.focus])));
  }

  async connect({ type, args, focus }: GraphqlSearch): Promise<GraphqlConnection> {
    const cursor = this.openCursor(type, args);
    if (cursor) return this.readPage(cursor);
    const plain = this.toPlainSearch(type, args);
    const target = focus && `${focus.type}/${focus.plain.id}`;
    const found = target && focus ? addFocus({ search: plain, parameter: this.findReverseParameter(type, args, focus) }, [target]) : plain;
    return this.readPage({ search: found, offset: 0, earlier: [] });
  }

  private async readPage({ search: plain, after, offset, earlier }: Cursor): Promise<GraphqlConnection> {
    const { context, pageTokens } = this.services;
    const size = Math.min(plain.count ?? DEFAULT_COUNT, MAX_COUNT);
    const page = await this.run(plain, { count: size, ...(after && { start: { after } }) });
    const seal = (beginning: PageBeginning, before: PageBeginning[]): string => {
      const cursor: Cursor = { search: plain, ...beginning, earlier: before };
      return pageTokens.seal(context.caller.tenant, { graphql: cursor });
    };
    const here: PageBeginning = { offset, ...(after && { after }) };
    const previous = earlier.at(-1);
    const nodes = this.filter(plain, toNodes(page));
    return {
      count: () => this.countMatches(plain),
      offset,
      pagesize: size,
      edges: nodes.map((resource) => ({ mode: 'match', resource })),
      first: seal({ offset: 0 }, []),
      ...(previous && { previous: seal(previous, earlier.slice(0, -1)) }),
      ...(page.next && { next: seal({ after: page.next, offset: offset + page.rows.length }, [...earlier, here].slice(-MAX_EARLIER)) }),
    };
  }

  private async countMatches(plain: PlainSearch): Promise<number> {
    const { total } = await this.run(plain, { count: 0, total: 'accurate' });
    return total!;
  }

  /** All matches, or the first `count`. */
  private async readAll(plain: PlainSearch): Promise<GraphqlNode[]> {
    if (plain.count === 0) return [];
    const page = await this.run(plain, { count: plain.count ?? MAX_COUNT });
    if (page.next && page.rows.length < (plain.count ?? Number.POSITIVE_INFINITY))
      throw tooCostly(
        `${plain.type}List finds more than the ${page.rows.length} resources that this query may still read: add search parameters or _count, or use ${plain.type}Connection`,
      );
    return toNodes(page);
  }

  private async searchReverse(searches: ReverseSearch[]): Promise<GraphqlNode[][]> {
    const groups = Map.groupBy(searches, ({ search: plain, parameter }) => JSON.stringify([plain, parameter.code]));
    const results = new Map<ReverseSearch, GraphqlNode[]>();
    for (const group of groups.values()) {
      const { parameter } = group[0]!;
      const nodes = await this.readAll(
        addFocus(
          group[0]!,
          group.map(({ focus }) => focus),
        ),
      );
      const targets = nodes.map((node) => this.listTargets(parameter, node));
      for (const member of group)
        results.set(
          member,
          nodes.filter((_node, at) => targets[at]!.has(member.focus)),
        );
    }
    return searches.map((member) => results.get(member)!);
  }

  /** The resources that a resource refers to by a parameter, as they are indexed. */
  private listTargets({ evaluate }: SearchParameter, { plain }: GraphqlNode): ReadonlySet<string> {
    // the assertion: the node of a search is a resource
    const values = evaluate(plain as Resource);
    return new Set(values.flatMap((value) => readTypedValue(REFERENCE_TARGETS, value, this.services.context.baseUrl)?.targets ?? []));
  }

  private run(plain: PlainSearch, more: { count: number; start?: PageStart; total?: 'accurate' }): Promise<ResultPage<FoundRow>> {
    const { context, budget } = this.services;
    const found = this.last.then(async () => {
      budget.countSearch();
      const { type, parameters } = plain;
      // a count of 0 asks for the total; without a rest, one resource is read and refused
      const count = Math.min(more.count, MAX_COUNT, Math.max(1, budget.remaining));
      const request = { type, parameters, handling: 'strict', isScoped: true, isSizeLimited: true, total: 'none' } as const;
      const page = await search(context, { ...request, ...more, count });
      budget.countResources(page.rows.length);
      return page;
    });
    this.last = found.catch(() => {});
    return found;
  }

  private filter({ fhirpath }: PlainSearch, nodes: GraphqlNode[]): GraphqlNode[] {
    return fhirpath === undefined ? nodes : nodes.filter((node, at) => this.services.meets(fhirpath, node, at));
  }

  private toPlainSearch(
    type: string,
    { _sort, _count, _filter, fhirpath, _reference, _cursor, cursor, ...criteria }: SearchArguments,
  ): PlainSearch {
    if (!isServed(type)) throw notSupported(`this server does not serve ${type}`);
    const codes = new Map(this.services.context.registry.list(type).map(({ code }) => [toArgumentName(code), code]));
    const parameters = Object.entries(criteria).flatMap(
      ([name, value]): Parameters =>
        value === undefined || value === null ? [] : [[codes.get(name) ?? name, joinAlternatives(name, value)]],
    );
    if (typeof _count === 'number' && _count < 0) throw invalid('_count must be 0 or more');
    return {
      type,
      parameters: [
        ...parameters,
        ...(typeof _filter === 'string' ? [['_filter', _filter] as [string, string]] : []),
        ...(typeof _sort === 'string' ? [['_sort', _sort] as [string, string]] : []),
      ],
      ...(typeof _count === 'number' && { count: _count }),
      ...(typeof fhirpath === 'string' && { fhirpath }),
    };
  }

  private findReverseParameter(type: string, { _reference }: SearchArguments, focus: GraphqlNode): SearchParameter {
    const list = this.services.context.registry
      .list(type)
      .filter((parameter) => isFollowable(parameter) && parameter.targets!.includes(focus.type));
    const found = list.find(({ code }) => code === _reference || toArgumentName(code) === _reference);
    if (!found)
      throw invalid(`_reference must be a search parameter of ${type} for ${focus.type}: ${list.map(({ code }) => code).join(', ')}`);
    if (!focus.isStored) throw invalid('a contained resource and a resource in a Bundle have no reverse references');
    return found;
  }

  private openCursor(type: string, { _cursor, cursor = _cursor, ...others }: SearchArguments): Cursor | undefined {
    if (typeof cursor !== 'string') return undefined;
    if (Object.values(others).some((value) => value !== undefined && value !== null))
      throw invalid('a cursor has the parameters of its search: send no other arguments with it');
    const { context, pageTokens } = this.services;
    const opened = pageTokens.open(context.caller.tenant, cursor);
    const content = isObject(opened) ? opened.graphql : undefined;
    if (!isCursor(content) || content.search.type !== type) throw invalid('this cursor belongs to another search');
    return content;
  }
}

// the content was sealed by this server
const isCursor = (content: unknown): content is Cursor => isObject(content) && isObject(content.search);

const toNodes = ({ rows }: ResultPage<FoundRow>): GraphqlNode[] => rows.map(({ body }) => toNode(body!));

const addFocus = ({ search: plain, parameter }: Pick<ReverseSearch, 'search' | 'parameter'>, targets: string[]): PlainSearch => ({
  ...plain,
  parameters: [[parameter.code, targets.join(',')], ...plain.parameters],
});

/** "The composite syntax (multiple arguments separated by comma) is not used. Instead, supply an array": so a comma is a part of a value. */
function joinAlternatives(name: string, value: unknown): string {
  const values = [value].flat().map((one) => String(one ?? '').replace(/(?<!\\),/g, '\\,'));
  if (!values.length) throw invalid(`${name} needs a value`);
  return values.join(',');
}
