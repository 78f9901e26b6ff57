// Turns the faults of a profile's checker into issues that name the profile.

import { toList } from '../json-values.ts';
import { type Issue, issue } from '../outcome.ts';
import type { ProfileClaim } from '../profile-claims.ts';
import { toIssues } from '../validation/issues.ts';
import type { Fault } from '../validation/schema-rule.ts';
import type { ProfileChecker } from './checker.ts';

/** `resource`: the checked resource, which is `root` or contained in it. */
type Subject = Pick<ProfileClaim, 'root' | 'resource'>;

/** All issues of a resource against a profile. If the profile is for another type, that is the only issue. */
export function buildProfileIssues(checker: ProfileChecker, { root, resource }: Subject, most?: number): Issue[] {
  const faults: Fault[] =
    checker.type === resource.resourceType
      ? checker.findFaults(resource, root)
      : [{ code: 'structure', text: `the profile is for ${checker.type}, and this resource has another type`, path: [] }];
  return toProfileIssues(checker, faults, { root, resource }, most);
}

/** Whether a resource has errors against a profile. */
export const hasProfileErrors = (checker: ProfileChecker, { root, resource }: Subject): boolean =>
  checker.type !== resource.resourceType || !checker.isConformant(resource, root);

/** The faults of a resource as issues of its root. Rules that cannot be checked are reported once. */
export function toProfileIssues({ url }: ProfileChecker, faults: Fault[], { root, resource }: Subject, most?: number): Issue[] {
  const place = findClaimantPath({ root, resource });
  const named = removeRepeats(faults).map((fault) => ({ ...fault, text: `${fault.text} [${url}]`, path: [...place, ...fault.path] }));
  return toIssues(named, root, root.resourceType, most);
}

function removeRepeats(faults: Fault[]): Fault[] {
  const met = new Set<string>();
  return faults.filter(({ code, severity, text }) => {
    const isNew = !met.has(text);
    if (severity && code === 'not-supported') met.add(text);
    return isNew;
  });
}

/** An issue about a claim itself. */
export function buildClaimIssue(claim: ProfileClaim, severity: 'warning' | 'information', text: string): Issue {
  const at = findClaimantPath(claim).map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return { ...issue('not-supported', text, `${claim.root.resourceType}${at.join('')}.meta.profile[${claim.index}]`), severity };
}

function findClaimantPath({ root, resource }: Subject): (string | number)[] {
  return resource === root ? [] : ['contained', toList(root.contained).indexOf(resource)];
}
