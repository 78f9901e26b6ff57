// The rules of a profile for an element's type: fewer types of a choice, fewer targets of a reference, contained or not.
// https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.type

import type { ElementInfo } from '../elements.ts';
import { isElement } from '../json-values.ts';
import { isBaseProfile } from '../profile-claims.ts';
import { buildFault, formatNames } from '../validation/schema-rule.ts';
import { targetsRule } from '../validation/schema-rules.ts';
import type { ElementType } from './definition.ts';
import { buildTestRule, combineRules, type ElementItem, type ItemRule } from './rule.ts';

const SYSTEM = 'http://hl7.org/fhirpath/System.';
const BASE = 'http://hl7.org/fhir/StructureDefinition/';

/** Finds the resource type of a profile. Undefined: the profile is not loaded. */
type TypeOfProfile = (canonical: string) => string | undefined;

/** The rules for the type of each item. Undefined: the profile adds nothing to R4. */
export function buildTypeRules(types: ElementType[] | undefined, facts: ElementInfo, findType: TypeOfProfile): ItemRule | undefined {
  if (!types?.length) return undefined;
  const references = types.filter(({ code }) => code === 'Reference');
  return combineRules<ElementItem>([
    buildChoiceTypeRule(types, facts),
    buildTargetsRule(references, facts, findType),
    buildAggregationRule(references),
  ]);
}

/** The rule for the type of a choice or of a nested resource. */
function buildChoiceTypeRule(types: ElementType[], facts: ElementInfo): ItemRule | undefined {
  const names = types.filter(({ code }) => !code.startsWith(SYSTEM)).map(({ code }) => code);
  const open = facts.types.length > 1 || facts.types[0] === 'Resource';
  if (!open || names.includes('Resource') || (names.length === facts.types.length && facts.types[0] !== 'Resource')) return undefined;
  const allowed = new Set(names);
  return buildTestRule(
    ({ type }) => type === undefined || allowed.has(type),
    () => buildFault('structure', `one of these types is expected: ${formatNames(names)}`),
  );
}

/** The resource types of a list of profiles. Undefined: any type is allowed, or the type of a profile is not known. */
function listTargetTypes(profiles: string[], findType: TypeOfProfile): string[] | undefined {
  const types = profiles.map((profile) => (isBaseProfile(profile) ? profile.split('|')[0]!.slice(BASE.length) : findType(profile)));
  const known = types.filter((type) => type !== undefined);
  return known.length < types.length || known.includes('Resource') ? undefined : [...new Set(known)].sort();
}

function buildTargetsRule(references: ElementType[], facts: ElementInfo, findType: TypeOfProfile): ItemRule | undefined {
  if (!references.length || references.some(({ targetProfile }) => !targetProfile?.length)) return undefined;
  const names = listTargetTypes(
    references.flatMap(({ targetProfile }) => targetProfile!),
    findType,
  );
  if (!names || names.join() === facts.targets?.toSorted().join()) return undefined;
  const leadsThere = targetsRule.check(names);
  return buildTestRule(
    ({ type, value }, { root }) => type !== 'Reference' || !isElement(value) || !isElement(root.value) || leadsThere(value, root.value),
    () => buildFault('value', `a reference to ${formatNames(names)} is expected`),
  );
}

/** https://hl7.org/fhir/R4/valueset-resource-aggregation-mode.html */
function buildAggregationRule(references: ElementType[]): ItemRule | undefined {
  const modes = new Set(references.flatMap(({ aggregation = [] }) => aggregation));
  if (!modes.size || references.some(({ aggregation }) => !aggregation?.length) || (modes.has('contained') && modes.size > 1))
    return undefined;
  const contained = modes.has('contained');
  return buildTestRule(
    ({ value }) => !isElement(value) || typeof value.reference !== 'string' || value.reference.startsWith('#') === contained,
    () =>
      buildFault(
        'value',
        contained ? 'a reference to a contained resource is expected' : 'a reference to a resource that is not contained is expected',
      ),
  );
}
