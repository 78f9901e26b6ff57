// The parts of a search parameter's name as it stands in a query string. https://hl7.org/fhir/R4/search.html#modifiers

import { notSupported } from '../outcome.ts';

/** `code:modifier`; the modifier is empty where there is none. A colon with nothing behind it is refused. */
export function splitModifier(name: string): { code: string; modifier: string } {
  const colon = name.indexOf(':');
  if (colon < 0) return { code: name, modifier: '' };
  const modifier = name.slice(colon + 1);
  if (modifier === '') throw notSupported(`${name} has no modifier behind its colon`);
  return { code: name.slice(0, colon), modifier };
}

/** The code a name begins with, before a modifier or the next link of a chain. */
export const readParameterCode = (name: string): string => name.split(/[:.]/, 1)[0]!;
