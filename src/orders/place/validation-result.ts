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

/** The value of each part by its name. Fails with 422 if a part has issues, or `others` is not empty. */
export function requireValid<P extends Record<string, ValidationResult<unknown>>>(
  parts: P,
  others: Issue[] = [],
): { [name in keyof P]: P[name] extends ValidationResult<infer T> ? T : never } {
  const issues = [...others];
  const values: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts))
    if ('value' in part) values[name] = part.value;
    else issues.push(...part.issues);
  if (issues.length) throw businessRules(issues);
  // type assertion: every part has a value here
  return values as { [name in keyof P]: P[name] extends ValidationResult<infer T> ? T : never };
}
