// The parameters by which one resource leads to others: what chains, `_has` and includes follow. https://hl7.org/fhir/R4/search.html#reference
import { notSupported } from '../outcome.ts';
import { buildUnknownParameterError } from './errors.ts';
import type { SearchParameter, SearchRegistry } from './registry.ts';

/** Whether includes can follow it: what holds canonical URLs alone names no resource of a server. */
export const isFollowable = ({ type, types }: SearchParameter): boolean => type === 'reference' && types?.includes('Reference') !== false;

/** A parameter that leads to other resources; any other is refused. */
export function findReferenceParameter(registry: SearchRegistry, type: string, code: string): { number: number; targets: string[] } {
  const parameter = registry.lookup(type, code);
  if (!parameter) throw buildUnknownParameterError(registry, type, code);
  if (!isFollowable(parameter)) throw notSupported(`${type}.${code} is no reference to other resources`);
  return { number: parameter.number, targets: parameter.targets ?? [] };
}
