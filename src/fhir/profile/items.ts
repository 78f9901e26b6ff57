// How the items of one element are found in an object: settled once, while a profile is compiled, from what R4 says of the element.
// https://hl7.org/fhir/R4/json.html

import { isElement } from '../element.ts';
import { type ElementInfo, findElement, isPrimitive } from '../elements.ts';
import type { ElementItem } from './rule.ts';

/** The items of an element in an object; values of a wrong form (which base validation refuses) give none. */
export type FindItems = (owner: ElementItem) => readonly ElementItem[];

const NONE: readonly ElementItem[] = [];

/** The way to the items of `name` (`value[x]` for a choice) in an object of this type. */
export function buildItemFinder(type: string, name: string, facts: ElementInfo): FindItems {
  if (name.endsWith('[x]')) return buildChoiceFinder(type, name);
  const form = buildElementForm(name, facts.types[0], facts.types.every(isPrimitive));
  return (owner) => readItems(readElementObject(owner), form);
}

/** The id and extensions of a primitive stand in the object beside it. */
const readElementObject = (owner: ElementItem): unknown => (isElement(owner.value) ? owner.value : owner.beside);

/** `under`: the name of the object beside a primitive. */
interface ElementForm {
  name: string;
  under: string | undefined;
  type: string | undefined;
}

const buildElementForm = (name: string, type: string | undefined, primitive: boolean): ElementForm => ({
  name,
  under: primitive ? `_${name}` : undefined,
  type: type === 'SimpleQuantity' ? 'Quantity' : type,
});

function readItems(owner: unknown, form: ElementForm): readonly ElementItem[] {
  if (!isElement(owner)) return NONE;
  const value = owner[form.name];
  const beside = form.under === undefined ? undefined : owner[form.under];
  if (value === undefined && beside === undefined) return NONE;
  if (!Array.isArray(value) && !Array.isArray(beside)) return [buildItem(form, value, beside, undefined)];
  const values = Array.isArray(value) ? value : NONE;
  const besides = Array.isArray(beside) ? beside : NONE;
  const items: ElementItem[] = [];
  for (let at = 0; at < Math.max(values.length, besides.length); at++)
    items.push(buildItem(form, values[at] ?? undefined, besides[at] ?? undefined, at));
  return items;
}

const buildItem = ({ name, type }: ElementForm, value: unknown, beside: unknown, index: number | undefined): ElementItem => ({
  type: type === 'Resource' && isElement(value) ? String(value.resourceType) : type,
  value,
  beside,
  name,
  index,
});

/** What stands in place of a choice; there is one at most in a valid resource. */
function buildChoiceFinder(type: string, choice: string): FindItems {
  const facts = findElement(type, choice);
  const base = choice.slice(0, -3);
  const forms = new Map<string, ElementForm>();
  for (const one of facts?.types ?? []) {
    const suffix = one === 'SimpleQuantity' ? 'Quantity' : one;
    const form = buildElementForm(base + suffix.charAt(0).toUpperCase() + suffix.slice(1), one, isPrimitive(one));
    forms.set(form.name, form);
    if (form.under !== undefined) forms.set(form.under, form);
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
