// The reference parameters that chains, `_has` and includes can follow. https://hl7.org/fhir/R4/search.html#reference
import { notSupported } from '../outcome.ts';
import { buildUnknownParameterError } from './errors.ts';
import type { SearchParameter, SearchRegistry } from './registry.ts';

/** Whether a parameter can be followed. One with only canonical URLs cannot, because these do not identify resources of this server. */
export const isFollowable = ({ type, types }: SearchParameter): boolean => type === 'reference' && types?.includes('Reference') !== false;

/** Finds a reference parameter. Any other parameter is refused. */
export function findReferenceParameter(registry: SearchRegistry, type: string, code: string): { number: number; targets: string[] } {
  const parameter = registry.lookup(type, code);
  if (!parameter) throw buildUnknownParameterError(registry, type, code);
  if (!isFollowable(parameter)) throw notSupported(`${type}.${code} is not a reference to other resources`);
  return { number: parameter.number, targets: parameter.targets ?? [] };
}
