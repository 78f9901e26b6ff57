// `targets`: the resource types that a reference may lead to. What it leads to need not exist; its type is read from the reference.
// https://hl7.org/fhir/R4/references.html
import { isResourceType } from '../../definitions.ts';
import type { Element } from '../../element.ts';
import { localTarget } from '../../local-target.ts';
import { fault, oneOf, type SchemaRule } from './rule.ts';

export const targets: SchemaRule<string[]> = {
  check(types) {
    const allowed = new Set(types);
    const isAllowed = (type: unknown) => typeof type !== 'string' || allowed.has(type) || !isResourceType(type);
    return ({ reference, type }, root) => {
      if (type !== undefined && !isAllowed(type)) return false;
      return typeof reference !== 'string' || isAllowed(typeBehind(reference, root));
    };
  },
  explain: (types) => [fault('value', `a reference to ${oneOf(types)} is expected`)],
};

/** The type in `Type/id`, `http…/Type/id/_history/1`, or of the contained resource behind `#id`; undefined or some other text when there is none. */
function typeBehind(reference: string, root: Element): unknown {
  if (reference.startsWith('#')) return localTarget(root, reference)?.resourceType;
  const version = reference.indexOf('/_history/');
  const end = reference.lastIndexOf('/', version < 0 ? undefined : version - 1);
  return end > 0 ? reference.slice(reference.lastIndexOf('/', end - 1) + 1, end) : undefined;
}
