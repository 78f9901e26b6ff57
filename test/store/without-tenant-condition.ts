// Takes the store's own condition on the tenant out of every statement, to test the other wall alone, and to show that a walk over the tenants can fail.
import type { Database } from '../../src/store/database/database.ts';

/** `t.tenant_id = $1` and `"tenant_id" = $1` become a condition that every row meets. */
const TENANT_CONDITION = /(?:\b\w+\.)?"?\btenant_id"? = (\$\d+)/g;
const rewrite = (sql: string): string =>
  sql.replace(TENANT_CONDITION, (_condition, parameter: string) => `(${parameter}::int is not null)`);

/** A database whose statements do not choose the rows of a tenant. */
export const withoutTenantCondition = (database: Database): Database => ({
  ...database,
  query: (sql, parameters) => database.query(rewrite(sql), parameters),
  transaction: (work) => database.transaction((transaction) => work(withoutTenantCondition(transaction))),
  forRequest: (...args) => withoutTenantCondition(database.forRequest(...args)),
});
