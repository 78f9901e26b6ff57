// `targets`: the resource types that a reference may lead to. What it leads to need not exist; its type is read from the reference.
// https://hl7.org/fhir/R4/references.html

import { findContainedResource } from '../../contained-resource.ts';
import type { Element } from '../../element.ts';
import { isResourceType } from '../../json-schema.ts';
import { buildFault, formatNames, type SchemaRule } from './rule.ts';

export const targetsRule: SchemaRule<string[]> = {
  check(types) {
    const allowed = new Set(types);
    const isAllowed = (type: unknown) => typeof type !== 'string' || allowed.has(type) || !isResourceType(type);
    return ({ reference, type }, root) => {
      if (type !== undefined && !isAllowed(type)) return false;
      return typeof reference !== 'string' || isAllowed(readTargetType(reference, root));
    };
  },
  explain: (types) => [buildFault('value', `a reference to ${formatNames(types)} is expected`)],
};

/** The type in `Type/id`, `http…/Type/id/_history/1`, or of the contained resource behind `#id`; undefined or some other text when there is none. */
function readTargetType(reference: string, root: Element): unknown {
  if (reference.startsWith('#')) return findContainedResource(root, reference)?.resourceType;
  const version = reference.indexOf('/_history/');
  const end = reference.lastIndexOf('/', version < 0 ? undefined : version - 1);
  return end > 0 ? reference.slice(reference.lastIndexOf('/', end - 1) + 1, end) : undefined;
}
