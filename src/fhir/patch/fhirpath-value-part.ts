// Writes an element as the part of a FHIRPath Patch: a typed value, a contained resource, or parts for a type that a parameter cannot have (fhirpath-value.ts reads
// them). https://hl7.org/fhir/R4/fhirpatch.html, https://hl7.org/fhir/R4/parameters.html
import { findElement, isPrimitive } from '../elements.ts';
import { type ElementNode, findElementInfo, isElementNode, type Member, readMembers } from './member.ts';

/** An element to write. `isChoice`: it is one type of a choice, whose type the value must state. */
interface NamedElement {
  name: string;
  type: string;
  isChoice?: boolean;
}

/** The part with this name and value. */
export function buildElementValue({ name, type, isChoice = false }: NamedElement, { value, sibling }: Member): ElementNode {
  if (type === 'Resource') return { name, resource: value };
  const key = `value${toValueSuffix(type)}`;
  const isTyped = isChoice || isPrimitive(type) || findElement('Extension', key) !== undefined;
  if (isTyped) return { name, ...(value !== undefined && { [key]: value }), ...(sibling !== undefined && { [`_${key}`]: sibling }) };
  return { name, part: isElementNode(value) ? listParts(type, value) : [] };
}

/** The suffix of `value[x]`. A restricted Quantity is a Quantity there, and xhtml is written as a string, because a parameter cannot have that type. */
function toValueSuffix(type: string): string {
  const known = SUFFIXES[type] ?? type;
  return known.charAt(0).toUpperCase() + known.slice(1);
}

const SUFFIXES: Readonly<Record<string, string>> = { SimpleQuantity: 'Quantity', MoneyQuantity: 'Quantity', xhtml: 'string' };

function listParts(type: string, node: ElementNode): ElementNode[] {
  const keys = [...new Set(Object.keys(node).map((key) => key.replace(/^_/, '')))];
  return keys.flatMap((key) => {
    const info = findElementInfo(type, key);
    if (!info) return [];
    const name = info.choice?.replace('[x]', '') ?? key;
    const element = { name, type: info.types[0]!, isChoice: info.choice !== undefined };
    return readMembers(node, key).map((member) => buildElementValue(element, member));
  });
}
