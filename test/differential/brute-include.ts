// `_include` and `_revinclude` over resources. https://hl7.org/fhir/R4/search.html#include
import { type Held, targets } from './brute.ts';

export interface Include {
  name: '_include' | '_revinclude' | '_include:iterate' | '_revinclude:iterate';
  /** `Type:code` or `Type:code:Target`. */
  value: string;
}

const nameOf = ({ resourceType, id }: Held): string => `${resourceType}/${id}`;

function reachedBy({ name, value }: Include, from: readonly Held[], all: readonly Held[]): Held[] {
  const [type, code, target] = value.split(':') as [string, string, string?];
  if (name.startsWith('_include')) {
    const led = new Set(from.filter(({ resourceType }) => resourceType === type).flatMap((one) => targets(one, code)));
    return all.filter((one) => led.has(nameOf(one)) && (target === undefined || one.resourceType === target));
  }
  const names = new Set(from.filter((one) => target === undefined || one.resourceType === target).map(nameOf));
  return all.filter((one) => one.resourceType === type && targets(one, code).some((led) => names.has(led)));
}

/** What comes beside the matches: each once, and no match. */
export function includedBeside(matches: readonly Held[], includes: readonly Include[], all: readonly Held[]): Held[] {
  const found = new Set(matches);
  for (let due = includes, from = [...matches]; from.length; due = includes.filter(({ name }) => name.endsWith(':iterate'))) {
    const next = new Set(due.flatMap((include) => reachedBy(include, from, all)).filter((one) => !found.has(one)));
    for (const one of next) found.add(one);
    from = [...next];
  }
  return all.filter((one) => found.has(one) && !matches.includes(one));
}
