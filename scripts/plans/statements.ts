// The statements of a search, as the store makes them, without running any.
import { buildCompartmentCondition, type Compartment } from '../../src/fhir/search/compartment.ts';
import { parseMultiTypeSearch } from '../../src/fhir/search/multi-type.ts';
import type { Query, SortKey, TypeQuery } from '../../src/fhir/search/query.ts';
import type { SearchRegistry } from '../../src/fhir/search/registry.ts';
import { TYPE_NUMBERS } from '../../src/fhir/types.ts';
import type { Database } from '../../src/store/database/database.ts';
import type { Position } from '../../src/store/search/page.ts';
import { search } from '../../src/store/search/search.ts';
import type { Question } from './questions.ts';

/**
 * `part`: which of a search's statements it is. `led`: the page by one condition that leads to few (leading-condition.ts), before the one that is asked when it
 * leads to many; `rest`: resources without the value to sort by.
 */
export interface Asked {
  question: Question;
  part: 'led' | 'page' | 'next' | 'rest' | 'included' | 'total';
  sql: string;
  parameters: unknown[];
}

const TENANT = 1;
const BASE = 'http://localhost/fhir/R4';

/** The query a question means. */
export function queryOf({ types, parameters, within }: Question, registry: SearchRegistry): Query {
  const { query } = parseMultiTypeSearch(types, parameters, { registry, baseUrl: BASE, handling: 'strict' });
  if (!within) return query;
  const whose: Compartment = { type: within, id: 'nobody' };
  const narrow = <S extends TypeQuery>(slice: S): S => ({
    ...slice,
    where: [buildCompartmentCondition(whose, slice.type, registry)!, ...slice.where],
  });
  return { ...narrow(query), ...(query.otherTypes && { otherTypes: query.otherTypes.map(narrow) }) };
}

/** The statements of its first page (of both streams, where there are two), of what is included, of its second page and of its total. */
export async function statementsOf(question: Question, registry: SearchRegistry): Promise<Asked[]> {
  const query = queryOf(question, registry);
  const pages = await explain(query);
  const next = await explain(query, [...query.sort.map(({ by }) => POSITIONS[by]), LATEST]);
  const totals = query.where.length && !query.include.length ? await explain({ ...query, count: 0, total: 'accurate' }) : [];
  return [
    ...partsOf(pages).map((page) => ({ question, ...page })),
    { question, ...next.find((statement) => !isLed(statement))!, part: 'next' },
    ...totals.map((total) => ({ question, ...total, part: 'total' as const })),
  ];
}

const isLed = ({ sql }: Told): boolean => sql.startsWith('with lead');

function partsOf(pages: Told[]): (Told & Pick<Asked, 'part'>)[] {
  const first = pages.find((page) => !isLed(page));
  return pages.map((page) => {
    if (isLed(page)) return { ...page, part: 'led' };
    return { ...page, part: page === first ? 'page' : page.sql.includes('pid <> all(') ? 'included' : 'rest' };
  });
}

/** A storing number after all there are. */
const LATEST = '9000000000';
/** A value of each kind, that a page ended with. */
const POSITIONS: Record<SortKey['by'], string> = {
  id: 'm',
  lastUpdated: '2026-01-01T00:00:00Z',
  string: 'm',
  date: '2020-01-01T00:00:00Z',
  number: '5',
  quantity: '5',
  token: 'm',
  reference: 'Patient/m',
};

interface Told {
  sql: string;
  parameters: unknown[];
}

/** Listens to what the store would run, and answers with one row. What leads, leads to many. */
async function explain(query: Query, after?: Position): Promise<Told[]> {
  const statements: Told[] = [];
  const row = { rtype: TYPE_NUMBERS[query.type], id: 'x', ver: 1, lu: '', created: '', body: '{}', pid: '1', total: 1, many: true };
  const listening: Database = {
    engine: 'server',
    isDistributed: () => false,
    query: async <T extends object>(sql: string, parameters: unknown[] = []) => {
      statements.push({ sql, parameters });
      return (statements.length > 5 ? [] : [row]) as unknown as T[];
    },
    script: async () => {},
    runOutsideTransaction: async () => {},
    transaction: (work) => work(listening),
    forRequest: () => listening,
    share: (work) => work(undefined),
    maxWaitMs: 0,
    ping: async () => {},
    queueLoad: { inUse: 0, waiting: 0, refused: { 'queue full': 0, 'waited too long': 0, 'client left': 0 } },
    close: async () => {},
  };
  await search(listening, TENANT, query, after && { after });
  return statements;
}
