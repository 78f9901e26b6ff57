// The value of one part of an order, or all its issues. Issues are collected, so that one refusal names all of them.
import { businessRules, type Issue, issue } from '../../fhir/outcome.ts';

export type ValidationResult<T> = { value: T } | { issues: Issue[] };

/** One issue. `where`: FHIRPaths; the first begins with ServiceRequest. */
export const invalid = (text: string, ...where: string[]): { issues: [Issue] } => ({ issues: [issue('business-rule', text, where)] });

/** All values in one list, or the issues of all parts. */
export function combineResults<T>(parts: ValidationResult<T[]>[]): ValidationResult<T[]> {
  const issues: Issue[] = [];
  const values: T[] = [];
  for (const part of parts)
    if ('value' in part) values.push(...part.value);
    else issues.push(...part.issues);
  return issues.length ? { issues } : { value: values };
}

export const listIssues = (part: ValidationResult<unknown>): Issue[] => ('issues' in part ? part.issues : []);

type PartValues<P extends Record<string, ValidationResult<unknown>>> = {
  [name in keyof P]: P[name] extends ValidationResult<infer T> ? T : never;
};

/** The value of each part by its name, or the issues of all parts and `others`. */
export function combineParts<P extends Record<string, ValidationResult<unknown>>>(
  parts: P,
  others: Issue[] = [],
): ValidationResult<PartValues<P>> {
  const issues = [...others];
  const values: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts))
    if ('value' in part) values[name] = part.value;
    else issues.push(...part.issues);
  // type assertion: without issues every part has a value
  return issues.length ? { issues } : { value: values as PartValues<P> };
}

/** Like combineParts. Fails with 422 if there are issues. */
export function requireValid<P extends Record<string, ValidationResult<unknown>>>(parts: P, others: Issue[] = []): PartValues<P> {
  const result = combineParts(parts, others);
  if ('issues' in result) throw businessRules(result.issues);
  return result.value;
}
