// Whether a resource is valid R4: structure, cardinality, types, required codes, reference targets and error-level constraints.
// https://hl7.org/fhir/R4/validation.html. Profiles, and codes of bindings that are not required, are not checked here.
import { setImmediate } from 'node:timers/promises';
import { isElement } from '../element.ts';
import { type Issue, issue } from '../outcome.ts';
import { SERVED_TYPES, type ServedType } from '../types.ts';
import { type Compiled, compiled } from './compiled.ts';
import { issuesOf } from './issues.ts';

/** Above this many values only the first fault is explained, and below this depth none: what a hostile body costs is bounded. */
const MOST_VALUES = 20_000;
const DEEPEST = 100;
const TOO_DEEP = 'the resource is nested too deeply';

const quick = once(() => compiled({ thorough: false }));
const thorough = once(() => compiled({ thorough: true }));

/**
 * What is wrong with a resource, at most twenty issues or as many as `most` says; none when it is valid R4. All are of severity error, with a FHIRPath expression.
 * `resource` is plain JSON (numbers as JavaScript numbers). The first call for a type compiles its schema.
 */
export function validate(resource: unknown, type: ServedType, most?: number): Issue[] {
  if (!isElement(resource)) return [issue('structure', 'a resource is a JSON object', type)];
  if (resource.resourceType !== type) return [issue('invalid', `resourceType ${type} is expected`, type)];
  try {
    return check(resource, type, most);
  } catch (error) {
    if (error instanceof RangeError) return [issue('structure', TOO_DEEP, type)];
    throw error;
  }
}

/** Compiles the schemas of all served types, one between two requests, so that no request waits for more than one. */
export async function warmUp(): Promise<void> {
  for (const type of SERVED_TYPES) {
    quick().passes({ resourceType: type }, type);
    await setImmediate();
  }
}

function check(resource: object, type: ServedType, most: number | undefined): Issue[] {
  const validator = quick();
  if (validator.passes(resource, type)) return [];
  const { values, depth } = extentOf(resource);
  if (depth > DEEPEST) return [issue('structure', TOO_DEEP, type)];
  return issuesOf((values > MOST_VALUES ? validator : thorough()).faults(resource, type), resource, type, most);
}

/** How many values there are in a resource, and how deep it goes; nothing is counted below DEEPEST. */
function extentOf(resource: object): { values: number; depth: number } {
  const extent = { values: 0, depth: 0 };
  const count = (value: unknown, depth: number): void => {
    extent.values++;
    extent.depth = Math.max(extent.depth, depth);
    if (value === null || typeof value !== 'object' || depth > DEEPEST) return;
    for (const inner of Array.isArray(value) ? value : Object.values(value)) count(inner, depth + 1);
  };
  count(resource, 0);
  return extent;
}

function once(make: () => Compiled): () => Compiled {
  let made: Compiled | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
