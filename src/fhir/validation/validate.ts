// Validates resources against R4: structure, cardinality, types, required codes, reference targets and error-level constraints.
// https://hl7.org/fhir/R4/validation.html. Profiles, and codes of bindings that are not required, are checked elsewhere.
import { setImmediate } from 'node:timers/promises';
import { isElement } from '../json-values.ts';
import { type Issue, issue } from '../outcome.ts';
import type { ServedType } from '../types.ts';
import { type CompiledSchemas, compileSchemas } from './compiled-schemas.ts';
import { toIssues } from './issues.ts';

/** Limits the cost of a hostile body: with more values only the first fault is explained, and with a greater depth none. */
const MAX_EXPLAINED_VALUES = 20_000;
const MAX_DEPTH = 100;
const TOO_DEEP = 'the resource is nested too deeply';

const getQuickSchemas = buildOnce(() => compileSchemas({ thorough: false }));
const getThoroughSchemas = buildOnce(() => compileSchemas({ thorough: true }));

/**
 * The issues of a resource, at most `most` (default 20). Empty: the resource is valid R4. All are errors with a FHIRPath expression. `resource` has JavaScript
 * numbers (`plain`). The first call for a type compiles its schema.
 */
export function validateResource(resource: unknown, type: ServedType, most?: number): Issue[] {
  if (!isElement(resource)) return [issue('structure', 'a resource is a JSON object', type)];
  if (resource.resourceType !== type) return [issue('invalid', `resourceType ${type} is expected`, type)];
  try {
    return validateElement(resource, type, most);
  } catch (error) {
    if (error instanceof RangeError) return [issue('structure', TOO_DEEP, type)];
    throw error;
  }
}

/** Compiles the schemas of types before their first use. Between two of them, waiting requests are handled. */
export async function compileSchemasOf(types: Iterable<ServedType>): Promise<void> {
  for (const type of types) {
    getQuickSchemas().isValid({ resourceType: type }, type);
    await setImmediate();
  }
}

function validateElement(resource: object, type: ServedType, most: number | undefined): Issue[] {
  const validator = getQuickSchemas();
  if (validator.isValid(resource, type)) return [];
  const { values, depth } = measureExtent(resource);
  if (depth > MAX_DEPTH) return [issue('structure', TOO_DEEP, type)];
  return toIssues((values > MAX_EXPLAINED_VALUES ? validator : getThoroughSchemas()).findFaults(resource, type), resource, type, most);
}

/** The number of values and the depth of a resource. Values below MAX_DEPTH are not counted. */
function measureExtent(resource: object): { values: number; depth: number } {
  const extent = { values: 0, depth: 0 };
  const count = (value: unknown, depth: number): void => {
    extent.values++;
    extent.depth = Math.max(extent.depth, depth);
    if (value === null || typeof value !== 'object' || depth > MAX_DEPTH) return;
    for (const inner of Array.isArray(value) ? value : Object.values(value)) count(inner, depth + 1);
  };
  count(resource, 0);
  return extent;
}

function buildOnce(build: () => CompiledSchemas): () => CompiledSchemas {
  let result: CompiledSchemas | undefined;
  return () => {
    result ??= build();
    return result;
  };
}
