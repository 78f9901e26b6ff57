// Whether a resource is valid R4: structure, cardinality, types, required codes, reference targets and error-level constraints.
// https://hl7.org/fhir/R4/validation.html. Profiles, and codes of bindings that are not required, are not checked here.
import { type Check, compiled } from './compiled.ts';
import { isElement } from './invariants/element.ts';
import { issuesOf } from './issues.ts';
import { type Issue, issue } from './outcome.ts';
import { SERVED_TYPES, type ServedType } from './types.ts';

/** Above this many values only the first fault is reported: what a hostile body costs is bounded. */
const MOST_VALUES = 20_000;

const quick = once(() => compiled({ thorough: false }));
const thorough = once(() => compiled({ thorough: true }));

/**
 * What is wrong with a resource, at most twenty issues; none when it is valid R4. All are of severity error, with a FHIRPath expression.
 * `resource` is plain JSON (numbers as JavaScript numbers). The first call for a type compiles its schema.
 */
export function validate(resource: unknown, type: ServedType): Issue[] {
  if (!isElement(resource)) return [issue('structure', 'a resource is a JSON object', type)];
  if (resource.resourceType !== type) return [issue('invalid', `resourceType ${type} is expected`, type)];
  try {
    return check(resource, type);
  } catch (error) {
    if (error instanceof RangeError) return [issue('structure', 'the resource is nested too deeply', type)];
    throw error;
  }
}

/** Compiles the schemas of all served types, so that no request waits for it. */
export function warmUp(): void {
  for (const type of SERVED_TYPES) quick()({ resourceType: type }, type);
}

function check(resource: object, type: ServedType): Issue[] {
  const first = quick()(resource, type);
  if (first.length === 0) return [];
  const all = isSmall(resource) ? thorough()(resource, type) : first;
  return issuesOf(all, resource, type);
}

/** Whether there are at most MOST_VALUES values in a resource; stops counting there. */
function isSmall(resource: object): boolean {
  const waiting: object[] = [resource];
  let count = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const value of Object.values(next)) {
      if (++count > MOST_VALUES) return false;
      if (value !== null && typeof value === 'object') waiting.push(value);
    }
  }
  return true;
}

function once(make: () => Check): () => Check {
  let made: Check | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
