// Collects the parameters of one statement while its text is made: values never stand in SQL.

import { invalid } from '../../fhir/outcome.ts';

export interface Binder {
  /** Takes a value and answers how the text names it: `$3`. */
  bind(value: unknown): string;
  /** A table alias not used yet in this statement: `f2`. */
  alias(letter: string): string;
  readonly parameters: readonly unknown[];
}

/** PostgreSQL counts them in two bytes. https://www.postgresql.org/docs/current/protocol-message-formats.html (Bind) */
const MAX_PARAMETERS = 65_535;

/** A new binder; `$1` is the tenant in every statement. More values than a statement can have are refused (400): a search asks for them. */
export function createBinder(tenant: number): Binder {
  const parameters: unknown[] = [tenant];
  let aliases = 0;
  return {
    bind: (value) => {
      if (parameters.length === MAX_PARAMETERS) throw invalid('this search has too many values: ask for fewer at once');
      return `$${parameters.push(value)}`;
    },
    alias: (letter) => `${letter}${++aliases}`,
    parameters,
  };
}

/** How every statement names the tenant. */
export const TENANT = '$1';
