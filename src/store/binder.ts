// Collects the parameters of one statement while its text is made: values never stand in SQL.

export interface Binder {
  /** Takes a value and answers how the text names it: `$3`. */
  bind(value: unknown): string;
  /** A table alias not used yet in this statement: `f2`. */
  alias(letter: string): string;
  readonly parameters: readonly unknown[];
}

/** A new binder; `$1` is the tenant in every statement. */
export function binderFor(tenant: number): Binder {
  const parameters: unknown[] = [tenant];
  let aliases = 0;
  return {
    bind: (value) => `$${parameters.push(value)}`,
    alias: (letter) => `${letter}${++aliases}`,
    parameters,
  };
}

/** How every statement names the tenant. */
export const TENANT = '$1';
