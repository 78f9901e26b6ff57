// Checks a resource against a requested profile, the profiles in its `meta.profile`, and the definitions of its extensions.
// https://hl7.org/fhir/R4/resource-operation-validate.html

import { buildNode } from '../fhir/fhirpath/node.ts';
import { type Issue, issue, notSupported } from '../fhir/outcome.ts';
import type { ProfileChecker } from '../fhir/profile/checker.ts';
import { UnusableDefinitionError } from '../fhir/profile/definition.ts';
import { checkExtensionContext, type FoundExtension, listExtensions } from '../fhir/profile/extensions.ts';
import { buildClaimIssue, buildProfileIssues, toProfileIssues } from '../fhir/profile/profile-issues.ts';
import { isBaseProfile, listProfileClaims, type ProfileClaim } from '../fhir/profile-claims.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context } from './context.ts';

const MAX_ISSUES = 500;

/** `asked`: a requested profile, in addition to the claimed ones. If it is not loaded or cannot be compiled, the request is refused (400). */
export async function checkProfiles(context: Context, resource: Resource, profileUrl?: string): Promise<Issue[]> {
  const issues = profileUrl === undefined ? [] : await checkRequestedProfile(context, resource, profileUrl);
  for (const claim of listProfileClaims(resource))
    if (claim.canonical !== profileUrl || claim.resource !== resource) issues.push(...(await checkClaimedProfile(context, claim)));
  for (const extension of listExtensions(resource)) issues.push(...(await checkExtension(context, resource, extension)));
  return removeRepeats(issues);
}

/** Removes duplicates: a profile and the definition of an extension in it may report the same issue. */
const removeRepeats = (issues: Issue[]): Issue[] =>
  [
    ...new Map(issues.toReversed().map((issue) => [`${issue.expression} ${issue.text.replace(/ \[[^\]]*\]$/, '')}`, issue])).values(),
  ].toReversed();

async function checkRequestedProfile({ profiles, store }: Context, resource: Resource, profileUrl: string): Promise<Issue[]> {
  if (isBaseProfile(profileUrl)) return isBaseProfile(profileUrl, resource.resourceType) ? [] : [otherTypeIssue(resource, 'asked for')];
  const checker = await profiles.findChecker(store, profileUrl);
  if (checker instanceof UnusableDefinitionError) throw notSupported(`this profile cannot be checked: ${checker.message}`);
  if (!checker) throw notSupported('this profile is not loaded: an operator can load its package with facet profiles add');
  return buildProfileIssues(checker, { root: resource, resource }, MAX_ISSUES);
}

const otherTypeIssue = (resource: Resource, type: string): Issue =>
  issue('structure', `the profile ${type} is of another resource type`, resource.resourceType);

async function checkClaimedProfile({ profiles, store }: Context, claim: ProfileClaim): Promise<Issue[]> {
  const { canonical } = claim;
  if (isBaseProfile(canonical)) return [otherTypeIssue(claim.root, 'claimed')];
  const checker = await profiles.findChecker(store, canonical);
  if (checker instanceof UnusableDefinitionError)
    return [buildClaimIssue(claim, 'warning', `the profile ${canonical} cannot be checked: ${checker.message}`)];
  if (!checker) return [buildClaimIssue(claim, 'information', `the profile ${canonical} is not loaded: it is not checked`)];
  return buildProfileIssues(checker, claim, MAX_ISSUES);
}

/** Checks the content and the context of an extension against its definition. https://hl7.org/fhir/R4/extensibility.html */
async function checkExtension({ profiles, store }: Context, resource: Resource, extension: FoundExtension): Promise<Issue[]> {
  const checker = await profiles.findChecker(store, extension.url);
  if (!checker || checker instanceof UnusableDefinitionError || checker.type !== 'Extension') return [];
  const faults = [...checkExtensionContext(checker, extension), ...findFaults(checker, resource, extension)];
  return toProfileIssues(checker, faults, { root: resource, resource }, MAX_ISSUES);
}

function findFaults({ rule }: ProfileChecker, resource: Resource, { item, at }: FoundExtension) {
  const root = buildNode(resource.resourceType, resource);
  return rule.findFaults(item, { resource: root, root }).map((fault) => ({ ...fault, path: [...at, ...fault.path] }));
}
