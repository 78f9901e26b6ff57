// A database that fails its caller after a number of steps. Every statement is a step, and so is the response to a commit. Only statements of the tested
// request count; background workers use the same database without failures.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database } from '../../src/store/database/database.ts';

/** How the work under test ends. */
export interface Fate {
  /** How many more steps are done before the end. */
  left: number;
  /** One step fails and the next ones are done, instead of none after it. */
  stumbles: boolean;
  /** Instead of an end: what is done to the database before the step, which finds out by itself. Just before a commit is a step, too. */
  blow?: (database: Database) => Promise<unknown>;
  /** The commit, counted from now, whose answer is not heard; 0: each is. */
  lost: number;
}

/** The names of the statements of one transaction, in their order. */
export type Statements = (string | undefined)[];

const fates = new AsyncLocalStorage<Fate>();

/** What the work comes to when its steps end so. */
export const fated = <T>(fate: Partial<Fate>, work: () => PromiseLike<T>): Promise<T> =>
  fates.run({ left: Number.POSITIVE_INFINITY, stumbles: false, lost: 0, ...fate }, async () => work());

async function step(fate: Fate | undefined, database: Database): Promise<void> {
  if (fate === undefined || fate.left-- > 0) return;
  if (fate.blow) {
    fate.left = Number.POSITIVE_INFINITY;
    return void (await fate.blow(database));
  }
  if (fate.stumbles) fate.left = Number.POSITIVE_INFINITY;
  throw new Error('died');
}

/** `transactions`: takes the statements of each one that somebody fated begins. */
export function mortal(database: Database, transactions: Statements[] = [], own: Statements = []): Database {
  return {
    ...database,
    forRequest: (...args) => mortal(database.forRequest(...args), transactions, own),
    query: async (...statement) => {
      await step(fates.getStore(), database);
      own.push(statement[2]);
      return database.query(...statement);
    },
    transaction: async (work) => {
      const fate = fates.getStore();
      const statements: Statements = [];
      if (fate !== undefined) transactions.push(statements);
      const done = await database.transaction(async (inside) => {
        const answer = await work(mortal(inside, transactions, statements));
        if (fate?.blow) await step(fate, inside);
        return answer;
      });
      await step(fate, database);
      if (fate !== undefined && fate.lost > 0 && --fate.lost === 0) throw new Error('the answer was lost');
      return done;
    },
  };
}
