// Builds functions that find the items of an element in an object. They are built during the compilation of a profile, from R4's definition of the element.
// https://hl7.org/fhir/R4/json.html

import { type ElementInfo, findElement, isPrimitive } from '../elements.ts';
import { isElement } from '../json-values.ts';
import type { ElementItem } from './rule.ts';

/** Finds the items of an element in an object. Malformed values, which base validation refuses, have no items. */
export type FindItems = (owner: ElementItem) => readonly ElementItem[];

const NONE: readonly ElementItem[] = [];

/** Builds the finder of `name` (`value[x]` for a choice) in objects of a type. */
export function buildItemFinder(type: string, name: string, facts: ElementInfo): FindItems {
  if (name.endsWith('[x]')) return buildChoiceFinder(type, name);
  const form = buildElementForm(name, facts.types[0], facts.types.every(isPrimitive));
  return (owner) => readItems(readElementObject(owner), form);
}

/** The object with the child elements. For a primitive, this is its sibling with the id and extensions. */
const readElementObject = (owner: ElementItem): unknown => (isElement(owner.value) ? owner.value : owner.sibling);

/** `under`: the JSON name of the sibling of a primitive. */
interface ElementForm {
  name: string;
  siblingName: string | undefined;
  type: string | undefined;
}

const buildElementForm = (name: string, type: string | undefined, primitive: boolean): ElementForm => ({
  name,
  siblingName: primitive ? `_${name}` : undefined,
  type: type === 'SimpleQuantity' ? 'Quantity' : type,
});

function readItems(owner: unknown, form: ElementForm): readonly ElementItem[] {
  if (!isElement(owner)) return NONE;
  const value = owner[form.name];
  const sibling = form.siblingName === undefined ? undefined : owner[form.siblingName];
  if (value === undefined && sibling === undefined) return NONE;
  if (!Array.isArray(value) && !Array.isArray(sibling)) return [buildItem(form, value, sibling, undefined)];
  const values = Array.isArray(value) ? value : NONE;
  const siblings = Array.isArray(sibling) ? sibling : NONE;
  const items: ElementItem[] = [];
  for (let at = 0; at < Math.max(values.length, siblings.length); at++)
    items.push(buildItem(form, values[at] ?? undefined, siblings[at] ?? undefined, at));
  return items;
}

const buildItem = ({ name, type }: ElementForm, value: unknown, sibling: unknown, index: number | undefined): ElementItem => ({
  type: type === 'Resource' && isElement(value) ? String(value.resourceType) : type,
  value,
  sibling,
  name,
  index,
});

/** Finds the element of a choice. A valid resource has at most one. */
function buildChoiceFinder(type: string, choice: string): FindItems {
  const facts = findElement(type, choice);
  const base = choice.slice(0, -3);
  const forms = new Map<string, ElementForm>();
  for (const elementType of facts?.types ?? []) {
    const suffix = elementType === 'SimpleQuantity' ? 'Quantity' : elementType;
    const form = buildElementForm(base + suffix.charAt(0).toUpperCase() + suffix.slice(1), elementType, isPrimitive(elementType));
    forms.set(form.name, form);
    if (form.siblingName !== undefined) forms.set(form.siblingName, form);
  }
  return (owner) => {
    const object = readElementObject(owner);
    if (!isElement(object)) return NONE;
    for (const key in object) {
      const form = forms.get(key);
      if (form) return readItems(object, form);
    }
    return NONE;
  };
}
