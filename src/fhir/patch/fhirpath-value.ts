// Parses the value of an operation into an element: a typed value with its id and extensions, or an element built from parts.
// https://hl7.org/fhir/R4/fhirpatch.html
import { isElement } from '../json-values.ts';
import { businessRule, invalidStructure } from '../outcome.ts';
import { type ElementNode, findElementInfo, type Member, removeUndefined, replaceContent, toProperties } from './member.ts';

/** An element of a patch. `key`: its JSON name. `list`: whether it repeats; undefined if its definition is not known. */
export interface ElementValue extends Member {
  key: string;
  list: boolean | undefined;
}

/** Parses a part as the element `name` of a type. The `name` of a choice has no type suffix: `deceased`. */
export function parseElementValue(part: ElementNode, owner: string | undefined, name: string): ElementValue {
  const [valueX, ...others] = new Set(Object.keys(part).flatMap((key) => /^_?(value[A-Z].*)$/s.exec(key)?.[1] ?? []));
  if (others.length) throw invalidStructure('a value has one type');
  const key = findElementInfo(owner, `${name}[x]`) ? name + (valueX ?? '').slice('value'.length) : name;
  const facts = findElementInfo(owner, key);
  if (owner !== undefined && !facts) throw businessRule('there is no element of that name');
  const member = readMember(part, valueX, facts?.types[0]);
  if (member.value === null || member.sibling === null) throw invalidStructure('a value is not null');
  return { key, list: facts?.list, ...member };
}

/** The value of a part. A contained resource is a parameter's `resource` (inferred: R4's page does not show one). */
function readMember(part: ElementNode, valueX: string | undefined, type: string | undefined): Member {
  if (valueX !== undefined) return { value: part[valueX], sibling: part[`_${valueX}`] };
  return type === 'Resource' && part.resource !== undefined ? { value: part.resource, sibling: undefined } : assembleElement(part, type);
}

function assembleElement({ part }: ElementNode, type: string | undefined): Member {
  if (!Array.isArray(part) || !part.every(isElement)) throw invalidStructure('a value has a type or parts');
  const given = Map.groupBy(
    part.map((child) => parseElementValue(child, type, String(child.name))),
    ({ key }) => key,
  );
  const properties = [...given].flatMap(([key, members]) => Object.entries(toProperties(key, { members, list: isRepeating(members) })));
  return replaceContent(type, { value: undefined, sibling: undefined }, removeUndefined(Object.fromEntries(properties)));
}

function isRepeating(given: ElementValue[]): boolean {
  const { list = false } = given[0]!;
  if (given.length > 1 && !list) throw businessRule('a value has two members of an element that does not repeat');
  return list;
}
