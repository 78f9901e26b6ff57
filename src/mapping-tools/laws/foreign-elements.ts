// Adds content of other clients to a resource, so that the laws are also checked among foreign elements.

import { findElement } from '../../fhir/elements.ts';
import { toList, toRecord } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Field } from '../../mapping/lens/field.ts';
import type { Lens } from '../../mapping/lens/lens.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { Env } from '../../mapping/shape.ts';

/** Members that no mapping selects; added at the end. */
const FOREIGN_MEMBERS: Record<string, unknown> = {
  identifier: { system: 'urn:stranger', value: '1' },
  telecom: { system: 'url', value: 'https://stranger.example' },
  qualification: { code: { text: 'Stranger' } },
  contained: { resourceType: 'Organization', id: 'stranger', name: 'x' },
  supportingInfo: { reference: '#stranger' },
  specialty: { coding: [{ system: 'urn:stranger', code: 's' }] },
  extension: { url: 'urn:stranger', valueString: 'x' },
};

/** An extension of a primitive value (`_birthDate`). It is removed with the value, and stays as long as the value. */
const FOREIGN_EXTENSION = { extension: [FOREIGN_MEMBERS.extension] };

/** The primitive elements that are not lists, each with the name of its extension property (`_birthDate`). */
const listPrimitiveExtensions = (resource: Resource): [beside: string, value: string][] =>
  Object.keys(resource).flatMap((name) => (findElement(resource.resourceType, `_${name}`)?.list === false ? [[`_${name}`, name]] : []));

/** Marks of elements that are not current: old, ended, or not begun. */
const INACTIVE_MARKS: object[] = [{ use: 'old' }, { period: { start: '1990', end: '1999-12-31' } }, { period: { start: '2999-01-01' } }];

const markInactive = (elements: object[]): object[] =>
  INACTIVE_MARKS.flatMap((mark) => elements.map((element) => ({ ...element, ...mark })));

/** Members that are not current, by type; added at the start. */
const INACTIVE_MEMBERS: Record<string, object[]> = {
  HumanName: markInactive([{ use: 'official', text: 'Old Retired', family: 'Retired', given: ['Old'], prefix: ['Dr'] }]),
  ContactPoint: markInactive(
    ['phone', 'email'].flatMap((system) =>
      ['mobile', 'home', 'work'].map((use) => ({ system, use, rank: 1, value: 'retired@example.com' })),
    ),
  ),
  Address: markInactive(['home', 'work'].map((use) => ({ use, line: ['1', '2'], city: 'Retired' }))),
};
const INACTIVE_ELEMENTS = ['name', 'telecom', 'address'];

/** Adds foreign elements: a member to each known list, and elements that no mapping names. A list of objects without `where:` owns all members, so it gets none. */
export function addForeignElements(resource: Resource, lens: Lens): Resource {
  const owned = listOwnedElements(lens);
  const known = Object.keys(FOREIGN_MEMBERS).filter(
    (name) =>
      !owned.includes(name) &&
      findElement(resource.resourceType, name) &&
      (name !== 'contained' || findElement(resource.resourceType, 'supportingInfo')),
  );
  const lists = known.map((name) => [name, [...toList(resource[name]), FOREIGN_MEMBERS[name]]]);
  const narrative = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' };
  const besides = listPrimitiveExtensions(resource).map(([beside]) => [beside, resource[beside] ?? FOREIGN_EXTENSION]);
  return addInactiveElements({ ...resource, language: 'en', text: narrative, ...Object.fromEntries([...lists, ...besides]) }, lens);
}

const listOwnedElements = ({ lists }: Lens) => lists.filter(({ list }) => list.spec.where === undefined).map(({ list }) => list.spec.list);

/** An Organization must not have use home. https://hl7.org/fhir/R4/organization.html#invs (org-2, org-3) */
const isAllowed = ({ resourceType }: Resource, element: object): boolean =>
  resourceType !== 'Organization' || toRecord(element).use !== 'home';

/** Adds names, contact points and addresses that are not current. */
export function addInactiveElements(resource: Resource, lens: Lens): Resource {
  const owned = listOwnedElements(lens);
  const lists = INACTIVE_ELEMENTS.flatMap((name) => {
    const facts = findElement(resource.resourceType, name);
    const retired =
      facts?.list && !owned.includes(name) && INACTIVE_MEMBERS[facts.types[0]!]?.filter((element) => isAllowed(resource, element));
    return retired ? [[name, [...retired, ...toList(resource[name])]]] : [];
  });
  return { ...resource, ...Object.fromEntries(lists) };
}

/** Appends a copy of each list member that a field's path finds. After a removal of the first member, the copy must not be shown in its stead. */
export function duplicateFoundElements(resource: Resource, { lens, mapping }: LoadedShape, env: Env): Resource {
  const steps = lens.leaves.flatMap(({ spec, writtenPaths }) =>
    spec.readOnly ? [] : writtenPaths.flatMap(({ variable, steps: [step] }) => (variable || !step ? [] : [step])),
  );
  const openElements = [
    ...steps.filter(({ open }) => open).map(({ name }) => name),
    mapping.content.row?.elements.split('.')[0],
    'contained',
  ];
  const chosen = [...new Set(steps.map(({ name }) => name))].filter(
    (name) => Array.isArray(resource[name]) && !openElements.includes(name),
  );
  const lists = chosen.map((name) => {
    const found: unknown[] = [];
    for (const step of steps) if (step.name === name) step.find(resource, env, found);
    return [name, [...toList(resource[name]), ...structuredClone([...new Set(found)])]];
  });
  return { ...resource, ...Object.fromEntries(lists) };
}

/** Reports foreign elements that a write of the field changed. A field with `first()` may change the first member, whoever wrote it. Elements that are not current must never change. */
export function checkForeignElements(before: Resource, after: Resource, { name: field, writtenPaths }: Field): string[] {
  const firsts = writtenPaths.flatMap(({ steps: [step] }) => (step?.index === undefined ? [] : [step.name]));
  const members = (resource: Resource, name: string): unknown[] => toList(resource[name]);
  const isLost = (name: string, element: unknown): boolean =>
    members(before, name).includes(element) && !members(after, name).includes(element);
  const lost = Object.keys(FOREIGN_MEMBERS).filter((name) => !firsts.includes(name) && isLost(name, FOREIGN_MEMBERS[name]));
  const retired = INACTIVE_ELEMENTS.filter(
    (name) =>
      Array.isArray(before[name]) &&
      Object.values(INACTIVE_MEMBERS)
        .flat()
        .some((element) => isLost(name, element)),
  );
  const changed = ['language', 'text'].filter((name) => before[name] !== after[name]);
  const elements = writtenPaths.map(({ steps: [step] }) => step?.name);
  const besides = listPrimitiveExtensions(before)
    .filter(([beside, value]) => !elements.includes(beside) && (before[value] === after[value]) !== (before[beside] === after[beside]))
    .map(([beside]) => beside);
  return [...lost, ...retired, ...changed, ...besides].map((name) => `writing ${field} changed ${name}, which belongs to another client`);
}
