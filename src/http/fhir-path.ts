// Which interaction a method and a path of the FHIR API mean, and how the rest is refused. https://hl7.org/fhir/R4/http.html#Status-Codes

import { answering, methodsOf, type Route, routesAt } from '../fhir/interactions.ts';
import { invalid, methodNotAllowed, notFound, notServed } from '../fhir/outcome.ts';
import { isCompartment } from '../fhir/search/compartments.ts';
import { isServed } from '../fhir/types.ts';

/** The interaction a request means: 404 for a path or type that is not served, 405 for a method that is not. */
export function routeOf(method: string, path: string): Route {
  const routes = atPath(path);
  const route = routes.get(answering(method));
  if (!route) throw methodNotAllowed(methodsOf(routes));
  return route;
}

/** What answers at a path, by method; 404 when there is nothing, or the type is not served. */
export function atPath(path: string): ReadonlyMap<string, Route> {
  const routes = known(path);
  const [first] = routes?.values() ?? [];
  const { type, compartment } = first?.parameters ?? {};
  if (type !== undefined && !isServed(type) && /^[A-Z][A-Za-z]{1,60}$/.test(type))
    throw notServed(`this server does not serve the resource type ${type}`);
  if (!routes || (type !== undefined && !isServed(type)))
    throw notFound('there is nothing at this path of the FHIR API; /metadata lists what is served');
  if (compartment !== undefined && !isCompartment(compartment)) throw notFound(`there are no compartments of ${compartment.slice(0, 64)}`);
  return routes;
}

function known(path: string): ReadonlyMap<string, Route> | undefined {
  try {
    return routesAt(path);
  } catch (error) {
    if (error instanceof URIError) throw invalid('the URL is not well-formed: check its percent-encoding');
    throw error;
  }
}
