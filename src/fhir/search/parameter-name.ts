// Splits the name of a search parameter in a query string. https://hl7.org/fhir/R4/search.html#modifiers

import { notSupported } from '../outcome.ts';

/** Splits `code:modifier`. The modifier may be absent (empty), but a colon without a modifier is refused. */
export function splitModifier(name: string): { code: string; modifier: string } {
  const colon = name.indexOf(':');
  if (colon < 0) return { code: name, modifier: '' };
  const modifier = name.slice(colon + 1);
  if (modifier === '') throw notSupported(`${name} has no modifier after its colon`);
  return { code: name.slice(0, colon), modifier };
}

/** The code at the start of a name, before a modifier or the next link of a chain. */
export const readParameterCode = (name: string): string => name.split(/[:.]/, 1)[0]!;
