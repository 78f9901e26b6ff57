// Statements of one tenant's requests that read, have the same text and arrive together are sent as one: PostgreSQL runs the text for the parameters of each, one after
// the other. docs/decisions/0056-groups.md
import { TextArray } from './array-parameters.ts';
import type { Database } from './database.ts';
import { isRefusal } from './errors.ts';
import { Groups, type Work, watchClients } from './groups.ts';
import { TENANT } from './parameter-binder.ts';

/** A handle for statements that read. */
export type Reader = Pick<Database, 'query'>;

/** A statement of one request. `parameters`: the tenant, and texts or numbers. */
interface RequestStatement {
  sql: string;
  parameters: unknown[];
  name: string;
  /** The handle of the request. */
  database: Database;
}

type StatementWork = Work<RequestStatement, object[]>;

/** Runs a statement for a request of a tenant, alone or with others of the same name. `signal`: aborted when nobody waits for it any more. */
export type RunShared = (tenant: number, statement: RequestStatement, signal?: AbortSignal) => Promise<object[]>;

/** A handle of the database for a statement of a tenant, which is cancelled when the signal is aborted. */
type ForTenant = (tenant: number, signal: AbortSignal | undefined) => Database;

/** The most statements under way for each name and tenant. While one waits for the disk, another one goes on. */
const MAX_UNDER_WAY = 2;
/** The most requests that share a statement. */
const MAX_GROUP = 16;
/** The most characters of bodies that a shared statement should return, because each of its requests waits for all of them. */
const MAX_CHARACTERS = 1_000_000;
/** What one request returns is estimated by the longest result. It is forgotten slowly, so that a few long resources among many short ones are remembered. */
const REMEMBERED = 0.9;
/** The most parameters. Each is a column, and PostgreSQL has a limit of 1,664. https://www.postgresql.org/docs/current/limits.html */
const MAX_PARAMETERS = 100;

export function createSharedStatements(forTenant: ForTenant, maxWaitMs: number): RunShared {
  const byName = new Map<string, Groups<RequestStatement, object[]>>();
  return (tenant, statement, signal) => {
    const groups = byName.get(statement.name) ?? createGroups(statement, forTenant, maxWaitMs);
    byName.set(statement.name, groups);
    return groups.add(tenant, statement, signal);
  };
}

function createGroups({ sql, parameters }: RequestStatement, forTenant: ForTenant, maxWaitMs: number): Groups<RequestStatement, object[]> {
  const shared = buildSharedSql(sql, parameters.length);
  let longest = 0;
  const countTogether = (): number => Math.max(1, Math.min(MAX_GROUP, Math.floor(MAX_CHARACTERS / longest)));
  const remember = (results: object[][]): void => {
    longest = Math.max(longest * REMEMBERED, ...results.map(countCharacters));
  };
  return new Groups({
    // what cannot be shared waits for connections only
    limit: () => (countTogether() > 1 ? MAX_UNDER_WAY : Number.POSITIVE_INFINITY),
    maxWaitMs,
    selectGroup: (waiting) => waiting.slice(0, countTogether()),
    run: async (tenant, group) => {
      const [first, ...others] = group as [StatementWork, ...StatementWork[]];
      if (!others.length) return remember(await runAlone(first, first.item.database));
      try {
        remember(await runTogether(shared, group, tenant, forTenant));
      } catch (error) {
        // it may have taken too long: the next ones run alone
        longest = MAX_CHARACTERS;
        throw error;
      }
    },
  });
}

const countCharacters = (rows: { body?: string | null }[]): number => rows.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);

/** Returns what it found, or nothing if it failed. */
async function runAlone(
  { item: { sql, parameters, name }, resolve, reject, asyncContext }: StatementWork,
  database: Database,
): Promise<object[][]> {
  try {
    const rows = await asyncContext.runInAsyncScope(() => database.query(sql, parameters, name));
    resolve(rows);
    return [rows];
  } catch (error) {
    reject(error);
    return [];
  }
}

async function runTogether(sql: string, group: StatementWork[], tenant: number, forTenant: ForTenant): Promise<object[][]> {
  const clients = watchClients(group);
  const items = group.map(({ item }) => item);
  const [{ name, parameters }] = items as [RequestStatement, ...RequestStatement[]];
  const columns = parameters.slice(1).map((_value, at) => new TextArray(items.map((item) => toText(item.parameters[at + 1]))));
  try {
    const rows = await forTenant(tenant, clients.allLeft).query<{ nth: number }>(sql, [tenant, ...columns], `shared-${name}`);
    const results = splitRows(rows, group.length);
    for (const [nth, { resolve }] of group.entries()) resolve(results[nth]!);
    return results;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // a value of one request caused the error: each is repeated alone
    for (const request of group) void runAlone(request, forTenant(tenant, request.signal));
    return [];
  } finally {
    clients.stop();
  }
}

const toText = (value: unknown): string | null => (value === null ? null : String(value));

/** The rows of each. `nth`: from 0 on. */
function splitRows(rows: { nth: number }[], count: number): object[][] {
  const results: object[][] = Array.from({ length: count }, () => []);
  for (const row of rows) results[row.nth]!.push(row);
  return results;
}

/**
 * The text for several requests: `$1` is the tenant of all of them, and each other parameter is an array of texts. Returns the rows of each, in the order of the text for
 * one, with the position of its request (`nth`, from 0 on).
 */
export function buildSharedSql(sql: string, parameterCount: number): string {
  const types = new Map<string, string>();
  const one = sql.replace(/\$(\d+)(?:::(\w+(?:\[\])?))?/g, (placeholder, number: string, type?: string) => {
    if (`$${number}` === TENANT) return placeholder;
    if (!type || (types.get(number) ?? type) !== type) throw new Error(`$${number} has no type, or several: ${sql}`);
    types.set(number, type);
    return `g.p${number}`;
  });
  const numbers = Array.from({ length: parameterCount - 1 }, (_one, at) => String(at + 2));
  const columns = numbers.map((number) => `t.p${number}::${types.get(number)} as p${number}`);
  // `offset 0`: each text is converted once, not for each row that is compared with it
  return `select found.*, g.nth from (select ${columns.join(', ')}, t.place::int - 1 as nth
      from unnest(${numbers.map((number) => `$${number}::text[]`).join(', ')}) with ordinality t(${numbers.map((number) => `p${number}`).join(', ')}, place) offset 0) g
    cross join lateral (${one}) found`;
}

/** Whether the parameters can be sent as texts. A statement with the tenant alone is not shared. */
const isShareable = (parameters: unknown[]): boolean =>
  parameters.length > 1 &&
  parameters.length <= MAX_PARAMETERS &&
  parameters.every((value) => value === null || typeof value === 'string' || typeof value === 'number');

/** The handle of a tenant's request for statements that read: those with a name are shared. It is a class so that creating one for each request is cheap. */
export class SharingReader implements Reader {
  private readonly database: Database;
  private readonly tenant: number;
  private readonly run: RunShared;

  constructor(database: Database, tenant: number, run: RunShared) {
    this.database = database;
    this.tenant = tenant;
    this.run = run;
  }

  query<T extends object>(sql: string, parameters: unknown[] = [], name?: string): Promise<T[]> {
    const { database } = this;
    if (name === undefined || !isShareable(parameters)) return database.query<T>(sql, parameters, name);
    // the rows are those of the statement, as with `database.query`
    return database.share((signal) => this.run(this.tenant, { sql, parameters, name, database }, signal)) as Promise<T[]>;
  }
}
