// Names for statements whose plan is right for all parameter values. PostgreSQL parses and plans a named statement once per connection.
import { hash } from '../../fhir/hash.ts';

/** A named statement uses memory on every connection, so their number is limited. */
const MAX_NAMES = 400;
const names = new Set<string>();

/**
 * The name for this SQL text; undefined when the limit is reached. Do not name a statement whose plan should depend on how frequent a value is: its cached
 * plan may read the whole table to find a few rows.
 */
export function toStatementName(sql: string): string | undefined {
  const name = `settled${hash(sql)}`;
  if (!names.has(name) && names.size >= MAX_NAMES) return undefined;
  names.add(name);
  return name;
}
