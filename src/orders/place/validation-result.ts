// What one part of a request says in an order, or all that is wrong with it; gathered so that a refusal names everything at once.
import { type Issue, issue, ruleAll } from '../../fhir/outcome.ts';

export type Said<T> = { says: T } | { issues: Issue[] };

/** One thing that is wrong: `where` as FHIRPath, from the request on. */
export const wrong = (text: string, ...where: string[]): { issues: [Issue] } => ({ issues: [issue('business-rule', text, where)] });

/** What all of them say, one after the other; or all that is wrong with any. */
export function together<T>(parts: Said<T[]>[]): Said<T[]> {
  const issues = parts.flatMap(issuesOf);
  return issues.length ? { issues } : { says: parts.flatMap((part) => ('says' in part ? part.says : [])) };
}

export const issuesOf = (part: object): Issue[] => ('issues' in part ? (part.issues as Issue[]) : []);

/** What each part says, by its name; refused (422) when anything is wrong with any, `others` too. */
export function allSaid<P extends Record<string, Said<unknown>>>(
  parts: P,
  others: Issue[] = [],
): { [name in keyof P]: P[name] extends Said<infer T> ? T : never } {
  const issues = [...others, ...Object.values(parts).flatMap(issuesOf)];
  if (issues.length) throw ruleAll(issues);
  const said = Object.entries(parts).map(([name, part]) => [name, (part as { says: unknown }).says]);
  return Object.fromEntries(said) as { [name in keyof P]: P[name] extends Said<infer T> ? T : never };
}
