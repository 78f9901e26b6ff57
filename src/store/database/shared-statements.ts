// Statements of one tenant's requests that read, have the same text and arrive together are sent as one: PostgreSQL runs the text for the parameters of each, one after
// the other. To send a statement and to receive its result costs about as much as to find a few rows. docs/decisions/0056-groups.md
import { TextArray } from './array-parameters.ts';
import type { Database } from './database.ts';
import { isRefusal } from './errors.ts';
import { Groups, type Work, watchClients } from './groups.ts';
import { TENANT } from './parameter-binder.ts';

/** A handle for statements that read. */
export type Reader = Pick<Database, 'query'>;

/** A statement of one request. `parameters`: the tenant, and texts or numbers. */
interface Statement {
  sql: string;
  parameters: unknown[];
  name: string;
  /** The handle of the request. */
  database: Database;
}

type Waiting = Work<Statement, object[]>;

/** Runs a statement for a request of a tenant, alone or with others of the same name. `signal`: aborted when nobody waits for it any more. */
export type RunShared = (tenant: number, statement: Statement, signal?: AbortSignal) => Promise<object[]>;

/** A handle of the database for a statement of a tenant, which is cancelled when the signal is aborted. */
type ForTenant = (tenant: number, signal: AbortSignal | undefined) => Database;

/** Of one name and tenant at once. While a statement waits for the disk, others go on. */
const MAX_UNDER_WAY = 2;
/** The most requests of a statement. */
const MAX_SHARERS = 16;
/** A statement that returns much is shared by fewer, because each waits for all. In characters of bodies, if each returned as much as the longest did last time. */
const MAX_CHARACTERS = 1_000_000;

export function createSharedStatements(forTenant: ForTenant, maxWaitMs: number): RunShared {
  const byName = new Map<string, Groups<Statement, object[]>>();
  return (tenant, statement, signal) => {
    const groups = byName.get(statement.name) ?? createGroups(statement, forTenant, maxWaitMs);
    byName.set(statement.name, groups);
    return groups.add(tenant, statement, signal);
  };
}

function createGroups({ sql, parameters }: Statement, forTenant: ForTenant, maxWaitMs: number): Groups<Statement, object[]> {
  const shared = buildSharedSql(sql, parameters.length);
  let sharers = MAX_SHARERS;
  return new Groups({
    limit: MAX_UNDER_WAY,
    maxWaitMs,
    selectGroup: (waiting) => waiting.slice(0, sharers),
    run: async (tenant, group) => {
      const results =
        group.length > 1 ? await runTogether(shared, group, tenant, forTenant) : await runAlone(group[0]!, group[0]!.item.database);
      if (results.length) sharers = countSharers(results);
    },
  });
}

/** How many may share the next statement, judging by the last one. */
const countSharers = (results: object[][]): number =>
  Math.max(1, Math.min(MAX_SHARERS, Math.floor(MAX_CHARACTERS / Math.max(...results.map(countCharacters)))));

const countCharacters = (rows: { body?: string | null }[]): number => rows.reduce((sum, { body }) => sum + (body?.length ?? 0), 0);

/** Returns what it found, or nothing if it failed. */
async function runAlone(
  { item: { sql, parameters, name }, resolve, reject, asyncContext }: Waiting,
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

async function runTogether(sql: string, group: Waiting[], tenant: number, forTenant: ForTenant): Promise<object[][]> {
  const clients = watchClients(group);
  const items = group.map(({ item }) => item);
  const [{ name, parameters }] = items as [Statement];
  const columns = parameters.slice(1).map((_value, at) => new TextArray(items.map((item) => toText(item.parameters[at + 1]))));
  try {
    const rows = await forTenant(tenant, clients.allLeft).query<{ nth: number }>(sql, [tenant, ...columns], `shared-${name}`);
    const results = splitRows(rows, group.length);
    for (const [nth, { resolve }] of group.entries()) resolve(results[nth]!);
    return results;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // the value of one is the reason: the others are not refused
    for (const waiting of group) void runAlone(waiting, forTenant(tenant, waiting.signal));
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

/** The text for several: `$1` is the tenant of all of them, and each other parameter is an array of texts. Rows are in the order of `nth`, and of the text for one. */
export function buildSharedSql(sql: string, parameterCount: number): string {
  const numbers = Array.from({ length: parameterCount - 1 }, (_one, at) => at + 2);
  const one = sql.replace(/(\$\d+)(::)?/g, (all, placeholder: string, typed?: string) => {
    if (placeholder === TENANT) return all;
    if (!typed) throw new Error(`${placeholder} has no type: ${sql}`);
    return `g.p${placeholder.slice(1)}::`;
  });
  const arrays = numbers.map((number) => `$${number}::text[]`).join(', ');
  return `select found.*, g.place::int - 1 as nth from unnest(${arrays}) with ordinality g(${numbers.map((number) => `p${number}`).join(', ')}, place)
    cross join lateral (${one}) found`;
}

/** Whether a row of texts can be its parameters. Without any, all would find the same. */
const isShareable = (parameters: unknown[]): boolean =>
  parameters.length > 1 && parameters.every((value) => value === null || typeof value === 'string' || typeof value === 'number');

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
