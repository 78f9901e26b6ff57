// Conflicts between second names (`shares:`) and alternative forms (`instead:`) in a request.

import { isDeepStrictEqual } from 'node:util';
import { type Issue, issue } from '../../fhir/outcome.ts';
import type { Lens } from '../lens/lens.ts';
import { isUnset } from '../lens/lens-read.ts';
import { EMPTY_ENV, type View } from '../shape.ts';

/** Finds pairs of fields with different values for one path; null is a value too. */
export function buildConflictCheck(lens: Lens): (said: View) => Issue[] {
  const pairs = lens.fields.flatMap(({ name, spec: { shares } }) => (shares === undefined ? [] : [[name, shares] as const]));
  const forms = lens.fields.flatMap(({ name, spec: { instead } }) => (instead === undefined ? [] : [[name, instead] as const]));
  return (said) => [
    ...pairs
      .filter((pair) => pair.every((name) => name in said) && !agreeWhenCombined(lens, said, pair))
      .map(([name, shares]) => issue('invalid', `${name} must agree with ${shares}, or be left out`, name)),
    ...forms
      .filter((pair) => pair.every((name) => !isUnset(said[name])))
      .map(([name, instead]) => issue('invalid', `${name} must be left out if ${instead} is sent`, name)),
  ];
}

/** Whether both fields, written together, show the same as when written alone. */
function agreeWhenCombined(lens: Lens, said: View, names: readonly string[]): boolean {
  const unset = names.filter((name) => isUnset(said[name]));
  if (unset.length) return unset.length === names.length;
  const shown = (...some: readonly string[]): View => {
    const resource = lens.write(Object.fromEntries(some.map((name) => [name, said[name]])), undefined, EMPTY_ENV);
    return lens.read(resource, EMPTY_ENV, { all: true });
  };
  const together = shown(...names);
  return names.every((name) => isDeepStrictEqual(together[name], shown(name)[name]));
}
