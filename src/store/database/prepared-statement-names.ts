// Names for statements whose one plan is right for all values: PostgreSQL then parses and plans them once per connection, not each time.
import { hash } from '../../fhir/hash.ts';

/** A statement kept by name costs memory on every connection, so that there is an end to them. */
const MAX_NAMES = 400;
const names = new Set<string>();

/**
 * The name for this text; undefined when there are enough. Not for a statement whose plan should depend on how frequent a value is: a plan that is kept
 * may then be one that reads everything in order to find the few.
 */
export function toStatementName(sql: string): string | undefined {
  const name = `settled${hash(sql)}`;
  if (!names.has(name) && names.size >= MAX_NAMES) return undefined;
  names.add(name);
  return name;
}
