// The prefixes of ordered values: `ge2020`, `lt5.4`. https://hl7.org/fhir/R4/search.html#prefix

export const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type Prefix = (typeof PREFIXES)[number];

/** Splits a value into its prefix (default `eq`) and the rest. */
export function splitPrefix(value: string): { prefix: Prefix; rest: string } {
  const prefix = PREFIXES.find((candidate) => value.startsWith(candidate));
  return prefix ? { prefix, rest: value.slice(2) } : { prefix: 'eq', rest: value };
}
