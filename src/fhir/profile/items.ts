// How the items of one element are found in an object: settled once, while a profile is compiled, from what R4 says of the element.
// https://hl7.org/fhir/R4/json.html

import { isElement } from '../element.ts';
import { type ElementFacts, elementOf, isPrimitive } from '../elements.ts';
import type { Item } from './rule.ts';

/** The items of an element in an object; values of a wrong form (which base validation refuses) give none. */
export type Find = (owner: Item) => readonly Item[];

const NONE: readonly Item[] = [];

/** The way to the items of `name` (`value[x]` for a choice) in an object of this type. */
export function finderOf(type: string, name: string, facts: ElementFacts): Find {
  if (name.endsWith('[x]')) return choiceFinder(type, name);
  const form = formOf(name, facts.types[0], facts.types.every(isPrimitive));
  return (owner) => itemsIn(partOf(owner), form);
}

/** The id and extensions of a primitive stand in the object beside it. */
const partOf = (owner: Item): unknown => (isElement(owner.value) ? owner.value : owner.beside);

/** `under`: the name of the object beside a primitive. */
interface Form {
  name: string;
  under: string | undefined;
  type: string | undefined;
}

const formOf = (name: string, type: string | undefined, primitive: boolean): Form => ({
  name,
  under: primitive ? `_${name}` : undefined,
  type: type === 'SimpleQuantity' ? 'Quantity' : type,
});

function itemsIn(owner: unknown, form: Form): readonly Item[] {
  if (!isElement(owner)) return NONE;
  const value = owner[form.name];
  const beside = form.under === undefined ? undefined : owner[form.under];
  if (value === undefined && beside === undefined) return NONE;
  if (!Array.isArray(value) && !Array.isArray(beside)) return [itemOf(form, value, beside, undefined)];
  const values = Array.isArray(value) ? value : NONE;
  const besides = Array.isArray(beside) ? beside : NONE;
  const items: Item[] = [];
  for (let at = 0; at < Math.max(values.length, besides.length); at++)
    items.push(itemOf(form, values[at] ?? undefined, besides[at] ?? undefined, at));
  return items;
}

const itemOf = ({ name, type }: Form, value: unknown, beside: unknown, index: number | undefined): Item => ({
  type: type === 'Resource' && isElement(value) ? String(value.resourceType) : type,
  value,
  beside,
  name,
  index,
});

/** What stands in place of a choice; there is one at most in a valid resource. */
function choiceFinder(type: string, choice: string): Find {
  const facts = elementOf(type, choice);
  const base = choice.slice(0, -3);
  const forms = new Map<string, Form>();
  for (const one of facts?.types ?? []) {
    const suffix = one === 'SimpleQuantity' ? 'Quantity' : one;
    const form = formOf(base + suffix.charAt(0).toUpperCase() + suffix.slice(1), one, isPrimitive(one));
    forms.set(form.name, form);
    if (form.under !== undefined) forms.set(form.under, form);
  }
  return (owner) => {
    const object = partOf(owner);
    if (!isElement(object)) return NONE;
    for (const key in object) {
      const form = forms.get(key);
      if (form) return itemsIn(object, form);
    }
    return NONE;
  };
}
