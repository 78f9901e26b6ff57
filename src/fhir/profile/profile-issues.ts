// Turns the faults of a profile's checker into issues that name the profile.

import { toList } from '../json-values.ts';
import { type Issue, issue } from '../outcome.ts';
import type { ProfileClaim } from '../profile-claims.ts';
import { toIssues } from '../validation/issues.ts';
import type { Fault } from '../validation/schema-rule.ts';
import type { ProfileChecker } from './checker.ts';

/** `one`: the checked resource, which is the whole resource or a contained one. */
type Subject = Pick<ProfileClaim, 'resource' | 'one'>;

/** All issues of a resource against a profile. If the profile is for another type, that is the only issue. */
export function buildProfileIssues(checker: ProfileChecker, { resource, one }: Subject, most?: number): Issue[] {
  const faults: Fault[] =
    checker.type === one.resourceType
      ? checker.faults(one, resource)
      : [{ code: 'structure', text: `the profile is for ${checker.type}, and this resource has another type`, path: [] }];
  return toProfileIssues(checker, faults, { resource, one }, most);
}

/** Whether a resource has errors against a profile. */
export const hasProfileErrors = (checker: ProfileChecker, { resource, one }: Subject): boolean =>
  checker.type !== one.resourceType || !checker.passes(one, resource);

/** Faults of the resource `one` as issues of the whole resource. Rules that cannot be checked are reported once. */
export function toProfileIssues({ url }: ProfileChecker, faults: Fault[], { resource, one }: Subject, most?: number): Issue[] {
  const place = findClaimantPath({ resource, one });
  const named = removeRepeats(faults).map((fault) => ({ ...fault, text: `${fault.text} [${url}]`, path: [...place, ...fault.path] }));
  return toIssues(named, resource, resource.resourceType, most);
}

function removeRepeats(faults: Fault[]): Fault[] {
  const met = new Set<string>();
  return faults.filter(({ code, severity, text }) => {
    const isNew = !met.has(text);
    if (severity && code === 'not-supported') met.add(text);
    return isNew;
  });
}

/** An issue about `meta.profile` itself. */
export function buildClaimIssue(subject: Subject, severity: 'warning' | 'information', text: string): Issue {
  const at = findClaimantPath(subject).map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return { ...issue('not-supported', text, `${subject.resource.resourceType}${at.join('')}.meta.profile`), severity };
}

function findClaimantPath({ resource, one }: Subject): (string | number)[] {
  return one === resource ? [] : ['contained', toList(resource.contained).indexOf(one)];
}
