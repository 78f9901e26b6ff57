// How a search says no: the parameter or modifier that is not served, what there is instead, and the one that was probably meant.
// https://hl7.org/fhir/R4/search.html#errors
import { formatSuggestion } from '../closest-name.ts';
import { type FhirError, notSupported } from '../outcome.ts';
import type { SearchRegistry } from './registry.ts';

/** Names come from outside: what is said of them is kept short. */
const truncateName = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name);

/** A search parameter this type does not have, or one that FHIR defines and this server does not serve. */
export function buildUnknownParameterError(registry: SearchRegistry, type: string, code: string): FhirError {
  const kind = registry.unserved(type, code);
  if (kind) return notSupported(`${type}.${code} is a ${kind} search parameter; those are not served`);
  const codes = registry.list(type).map((parameter) => parameter.code);
  return notSupported(`${type} has no search parameter ${truncateName(code)}${formatSuggestion(code, codes)}. It has ${codes.join(', ')}`);
}

/** A modifier the parameter does not take. */
export function buildUnknownModifierError(code: string, modifier: string, served: readonly string[]): FhirError {
  const offer = served.length ? `. It takes :${served.join(', :')}` : '';
  return notSupported(`${code} takes no modifier :${truncateName(modifier)}${formatSuggestion(modifier, served)}${offer}`);
}
