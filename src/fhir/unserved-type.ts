// The error text for a resource type that is not served.
import { formatSuggestion } from './closest-name.ts';
import { isKnown, SERVED_TYPES } from './types.ts';

/** `Observatoin is not served (did you mean Observation?)`, or `Media is not served: add it to FACET_TYPES`. */
export const explainUnservedType = (type: string): string =>
  `${type} is not served${isKnown(type) ? ': add it to FACET_TYPES' : formatSuggestion(type, SERVED_TYPES)}`;
