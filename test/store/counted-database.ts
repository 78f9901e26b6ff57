// A database that counts the statements of its callers. `begin` and `commit` are not counted.
import type { Database } from '../../src/store/database/database.ts';

export interface Counted {
  database: Database;
  /** The number of statements that `work` sends. */
  count(work: () => Promise<unknown>): Promise<number>;
}

export function countStatements(database: Database): Counted {
  let statements = 0;
  const counted = (handle: Database): Database => ({
    ...handle,
    query: (...statement) => {
      statements++;
      return handle.query(...statement);
    },
    forRequest: (...of) => counted(handle.forRequest(...of)),
    transaction: (work) => handle.transaction((inside) => work(counted(inside))),
  });
  return {
    database: counted(database),
    async count(work) {
      const before = statements;
      await work();
      return statements - before;
    },
  };
}
