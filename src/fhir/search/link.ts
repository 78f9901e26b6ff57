// The parameters by which one resource leads to others: what chains, `_has` and includes follow. https://hl7.org/fhir/R4/search.html#reference
import { notSupported } from '../outcome.ts';
import type { Registry, SearchParameter } from './parameters.ts';
import { unknownParameter } from './refusal.ts';

/** Whether includes can follow it: what holds canonical URLs alone names no resource of a server. */
export const leadsOn = ({ type, types }: SearchParameter): boolean => type === 'reference' && types?.includes('Reference') !== false;

/** A parameter that leads to other resources; any other is refused. */
export function linkOf(registry: Registry, type: string, code: string): { number: number; targets: string[] } {
  const parameter = registry.lookup(type, code);
  if (!parameter) throw unknownParameter(registry, type, code);
  if (!leadsOn(parameter)) throw notSupported(`${type}.${code} is no reference to other resources`);
  return { number: parameter.number, targets: parameter.targets ?? [] };
}
