// The value set that the elements of a token parameter are bound to. https://hl7.org/fhir/R4/terminologies.html#required
import { findElement } from '../elements.ts';

/** The canonical URL of the value set. Undefined: an element has no required binding, or the elements have different ones. */
export function findBoundValueSet(expression: string): string | undefined {
  const [first, ...others] = new Set(expression.split('|').map((path) => findBinding(path.trim())));
  return others.length ? undefined : first;
}

/** The required binding of the element of a path (`Task.status`). Other expressions have none. */
function findBinding(path: string): string | undefined {
  const [start = '', ...names] = path.split('.');
  let type: string | undefined = start;
  let bound: string | undefined;
  for (const name of names) {
    const element: ReturnType<typeof findElement> = type === undefined ? undefined : findElement(type, name);
    if (!element) return undefined;
    type = element.types.length === 1 ? element.types[0] : undefined;
    bound = element.bound;
  }
  return bound;
}
