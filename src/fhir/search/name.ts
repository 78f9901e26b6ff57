// The parts of a search parameter's name as it stands in a query string. https://hl7.org/fhir/R4/search.html#modifiers

/** `code:modifier`; the modifier is empty where there is none. */
export function codeAndModifier(name: string): { code: string; modifier: string } {
  const colon = name.indexOf(':');
  return colon < 0 ? { code: name, modifier: '' } : { code: name.slice(0, colon), modifier: name.slice(colon + 1) };
}

/** The code a name begins with, before a modifier or the next link of a chain. */
export const parameterHead = (name: string): string => name.split(/[:.]/, 1)[0]!;
