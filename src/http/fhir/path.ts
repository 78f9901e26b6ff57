// Finds the interaction of a method and a path of the FHIR API. https://hl7.org/fhir/R4/http.html#Status-Codes

import { formatSuggestion } from '../../fhir/closest-name.ts';
import { type InteractionRoute, listMethods, type MatchedPath, matchPath, toRoutedMethod } from '../../fhir/interactions.ts';
import { invalid, methodNotAllowed, notFound, typeNotServed } from '../../fhir/outcome.ts';
import { isCompartment } from '../../fhir/search/compartment.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../../fhir/types.ts';
import type { FhirCall } from './fhir-call.ts';

/** The interaction of a request. 404 for a path or type that is not served, 405 for a method that the path does not support. */
export function findRoute(method: string, path: string): InteractionRoute {
  const place = findPlace(path);
  const found = place.methods.get(toRoutedMethod(method));
  if (!found) throw methodNotAllowed(listMethods(place));
  return { ...found, parameters: place.parameters };
}

/** The parameters in the path of a request. A parameter that the path does not have is empty. */
export function toPathNames({ parameters }: InteractionRoute): Pick<FhirCall, 'type' | 'id' | 'versionId' | 'compartment'> {
  const { type = '', id = '', versionId = '', compartment = '' } = parameters;
  // The assertions: findPlace has checked both types. If the path has no type, it is '', and such interactions do not read it.
  return { type: type as ServedType, id, versionId, compartment: compartment as ServedType };
}

/** The interactions of a path by method. 404 if the path does not exist or the type is not served. */
export function findPlace(path: string): MatchedPath {
  const place = parsePlace(path);
  const { type, compartment } = place?.parameters ?? {};
  const meant = type === undefined || isServed(type) ? '' : formatSuggestion(type, SERVED_TYPES);
  if (type !== undefined && !isServed(type) && /^[A-Z][A-Za-z]{1,60}$/.test(type))
    throw typeNotServed(`this server does not serve the resource type ${type}${meant}`);
  if (!place || (type !== undefined && !isServed(type)))
    throw notFound(`there is nothing at this path of the FHIR API${meant}; /metadata lists what is served`);
  if (compartment !== undefined && !isCompartment(compartment)) throw notFound(`there are no compartments of ${compartment.slice(0, 64)}`);
  return place;
}

function parsePlace(path: string): MatchedPath | undefined {
  try {
    return matchPath(path);
  } catch (error) {
    if (error instanceof URIError) throw invalid('the URL is not well-formed: check its percent-encoding');
    throw error;
  }
}
