// What one part of a request says in an order, or all that is wrong with it; gathered so that a refusal names everything at once.
import { businessRules, type Issue, issue } from '../../fhir/outcome.ts';

export type ValidationResult<T> = { value: T } | { issues: Issue[] };

/** One thing that is wrong: `where` as FHIRPath, from the request on. */
export const invalid = (text: string, ...where: string[]): { issues: [Issue] } => ({ issues: [issue('business-rule', text, where)] });

/** What all of them say, one after the other; or all that is wrong with any. */
export function combineResults<T>(parts: ValidationResult<T[]>[]): ValidationResult<T[]> {
  const issues = parts.flatMap(listIssues);
  return issues.length ? { issues } : { value: parts.flatMap((part) => ('value' in part ? part.value : [])) };
}

export const listIssues = (part: ValidationResult<unknown>): Issue[] => ('issues' in part ? part.issues : []);

/** What each part says, by its name; refused (422) when anything is wrong with any, `others` too. */
export function requireValid<P extends Record<string, ValidationResult<unknown>>>(
  parts: P,
  others: Issue[] = [],
): { [name in keyof P]: P[name] extends ValidationResult<infer T> ? T : never } {
  const issues = [...others, ...Object.values(parts).flatMap(listIssues)];
  if (issues.length) throw businessRules(issues);
  const said = Object.entries(parts).map(([name, part]) => [name, 'value' in part ? part.value : undefined]);
  return Object.fromEntries(said) as { [name in keyof P]: P[name] extends ValidationResult<infer T> ? T : never };
}
