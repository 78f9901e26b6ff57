// Collects the parameters of one statement while its text is built. The SQL text itself never contains values.

import { invalid } from '../../fhir/outcome.ts';

/** Each parameter has its type in the SQL, so a statement can also take its values from a row of texts (shared-statements.ts). */
export type ParameterType = 'text' | 'smallint' | 'int' | 'bigint' | 'numeric' | 'float8' | 'timestamptz' | 'text[]' | 'bigint[]';

export interface Binder {
  /** Adds a value and returns its placeholder (`$3::bigint`). */
  bind(value: unknown, type: ParameterType): string;
  /** Returns a table alias that this statement does not use yet (`f2`). */
  alias(letter: string): string;
  readonly parameters: readonly unknown[];
}

/** The protocol has two bytes for the number of parameters. https://www.postgresql.org/docs/current/protocol-message-formats.html (Bind) */
const MAX_PARAMETERS = 65_535;

/** `$1` is the tenant in every statement. If a search has more values than a statement can have, `bind` refuses it (400). */
export function createBinder(tenant: number): Binder {
  const parameters: unknown[] = [tenant];
  let aliases = 0;
  return {
    bind: (value, type) => {
      if (parameters.length === MAX_PARAMETERS) throw invalid('this search has too many values: ask for fewer at once');
      return `$${parameters.push(value)}::${type}`;
    },
    alias: (letter) => `${letter}${++aliases}`,
    parameters,
  };
}

/** The placeholder of the tenant in every statement. */
export const TENANT = '$1';
