// The prefixes of ordered values: `ge2020`, `lt5.4`. https://hl7.org/fhir/R4/search.html#prefix

export const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type Prefix = (typeof PREFIXES)[number];

/** The prefix of a value, `eq` when there is none, and what it stands before. */
export function splitPrefix(value: string): { prefix: Prefix; rest: string } {
  const prefix = PREFIXES.find((candidate) => value.startsWith(candidate));
  return prefix ? { prefix, rest: value.slice(2) } : { prefix: 'eq', rest: value };
}
