// Errors about unsupported search parameters and modifiers, with the supported ones and the closest name.
// https://hl7.org/fhir/R4/search.html#errors
import { formatSuggestion } from '../closest-name.ts';
import { type FhirError, notSupported } from '../outcome.ts';
import type { SearchRegistry } from './registry.ts';

/** Shortens a name from a client for an error text. */
const truncateName = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name);

/** The error for a search parameter that is unknown, or that FHIR defines but this server does not serve. */
export function buildUnknownParameterError(registry: SearchRegistry, type: string, code: string): FhirError {
  // buildFullTextParameters serves these, if the setting is on
  if (code === '_text' || code === '_content')
    return notSupported(`${code} needs the full-text index: this server must be started with FACET_FULLTEXT=on`);
  const kind = registry.findUnservedKind(type, code);
  if (kind) return notSupported(`${type}.${code} is a ${kind} search parameter; those are not served`);
  const codes = registry.list(type).map((parameter) => parameter.code);
  return notSupported(`${type} has no search parameter ${truncateName(code)}${formatSuggestion(code, codes)}. It has ${codes.join(', ')}`);
}

/** Parameter → what replaces the modifiers that it had in earlier versions of FHIR. https://hl7.org/fhir/DSTU2/search.html#sort */
const FORMER_MODIFIERS: Readonly<Record<string, string>> = {
  _sort: '. Send _sort=birthdate for an ascending order, _sort=-birthdate for a descending one',
};

/** The error for a modifier that the parameter does not support. */
export function buildUnknownModifierError(code: string, modifier: string, served: readonly string[]): FhirError {
  const offer = served.length ? `. It takes :${served.join(', :')}` : (FORMER_MODIFIERS[code] ?? '');
  return notSupported(`${code} takes no modifier :${truncateName(modifier)}${formatSuggestion(modifier, served)}${offer}`);
}
