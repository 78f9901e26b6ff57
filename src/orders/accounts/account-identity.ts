// Which account at the lab network an order, a poll or a webhook belongs to. Work of one account never uses another account.

export interface AccountIdentity {
  /** 0: the account of the environment (JUNCTION_*). */
  id: number;
  /** For paths, log lines and metrics. */
  name: string;
  /** The tenant that the account belongs to; 0: the account of the environment, which belongs to none. */
  tenant: number;
}

/** The account of the environment has no row in the database. Orders of earlier releases belong to it. */
export const ENVIRONMENT_ACCOUNT: AccountIdentity = { id: 0, name: 'environment', tenant: 0 };

/** The name of a lease on an order of this account. The database refuses a lease of another account. */
export const toLeaseName = ({ id }: Pick<AccountIdentity, 'id'>, unique: string): string => `${id}:${unique}`;
