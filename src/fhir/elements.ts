// The elements of FHIR types, from the R4 definitions.
// https://hl7.org/fhir/R4/elementdefinition.html, choice types: https://hl7.org/fhir/R4/formats.html#choice
import { readFileSync } from 'node:fs';

/**
 * One element of a type. `types`: primitive types (`string`), datatypes (`HumanName`), or the path of a backbone element (`Patient.contact`). Datatypes and paths
 * have elements of their own. `choice`: the name in the definitions (`value[x]`) of an element with its type in the JSON name. `targets`: the target types of a
 * reference. Absent: any type. `summary`: part of `_summary=true`. `bound`: the value set of a required binding, without a version. `order`: the position in the
 * definition, which the types of a choice share. `attribute`: an attribute in XML, and not an element.
 */
export interface ElementInfo {
  order: number;
  list: boolean;
  types: string[];
  min: number;
  choice?: string;
  targets?: string[];
  summary?: boolean;
  bound?: string;
  attribute?: boolean;
}

interface GeneratedElement {
  types: string[];
  min?: number;
  list?: boolean;
  bare?: boolean;
  targets?: string[];
  summary?: boolean;
  bound?: string;
}

/** Whether elements of this type are strings, numbers or booleans in JSON. */
export const isPrimitive = (type: string): boolean => /^[a-z]/.test(type);

const GENERATED_ELEMENTS: Record<string, Record<string, GeneratedElement>> = JSON.parse(
  readFileSync(new URL('./generated/elements.json', import.meta.url), 'utf8'),
);
const ELEMENTS_BY_TYPE = new Map(Object.entries(GENERATED_ELEMENTS).map(([type, elements]) => [type, buildElementTable(elements)]));

/**
 * The element of a type by its JSON name: `birthDate`, `valueString`, `_birthDate` (the sibling of a primitive). `value[x]` returns all types of a choice.
 * Undefined: the type has no such element. `resourceType` is not an element.
 */
export const findElement = (type: string, name: string): ElementInfo | undefined => ELEMENTS_BY_TYPE.get(type)?.get(name);

/** Whether a type of the definitions is a resource type. Only resources have implicit rules. https://hl7.org/fhir/R4/resource.html */
export const isResourceType = (type: string): boolean => findElement(type, 'implicitRules') !== undefined;

/** The resource types of R4, served or not, without the abstract ones. */
export const listResourceTypes = (): string[] =>
  [...ELEMENTS_BY_TYPE.keys()].filter((type) => isResourceType(type) && type !== 'Resource' && type !== 'DomainResource');

/** The JSON names of all elements of a type, without `_x` siblings and `value[x]`. Empty if the type is unknown. */
export const listElementNames = (type: string): string[] =>
  [...(ELEMENTS_BY_TYPE.get(type)?.keys() ?? [])].filter((name) => !name.startsWith('_') && !name.endsWith('[x]'));

function buildElementTable(elements: Record<string, GeneratedElement>): Map<string, ElementInfo> {
  return new Map(Object.entries(elements).flatMap(([name, element], order) => buildElementEntries(name, { ...element, order })));
}

function buildElementEntries(
  name: string,
  { bare = false, list = false, min = 0, ...rest }: GeneratedElement & { order: number },
): [string, ElementInfo][] {
  const facts: ElementInfo = { ...rest, list, min };
  if (bare) return [[name, isAttribute(facts) ? { ...facts, attribute: true } : facts]];
  if (!name.endsWith('[x]')) return addPrimitiveSibling(name, facts);
  const all: ElementInfo = { ...facts, choice: name };
  return [[name, all], ...facts.types.flatMap((type) => addPrimitiveSibling(toChoiceName(name, type), narrowToType(type, all)))];
}

/** Of the primitives without a sibling, the ids of elements and the URLs of extensions are attributes. https://hl7.org/fhir/R4/xml.html */
function isAttribute({ types }: ElementInfo): boolean {
  return types[0] !== 'id' && types[0] !== 'xhtml';
}

/** Adds the sibling of a primitive: an object with its id and extensions, named with an underscore. https://hl7.org/fhir/R4/json.html#primitive */
function addPrimitiveSibling(name: string, facts: ElementInfo): [string, ElementInfo][] {
  const sibling: ElementInfo = { ...facts, types: ['Element'], min: 0 };
  return facts.types.every(isPrimitive)
    ? [
        [name, facts],
        [`_${name}`, sibling],
      ]
    : [[name, facts]];
}

/** The JSON name of a type of a choice. SimpleQuantity has the name of Quantity: `valueQuantity`. */
function toChoiceName(name: string, type: string): string {
  const suffix = type === 'SimpleQuantity' ? 'Quantity' : type;
  return name.replace('[x]', suffix.charAt(0).toUpperCase() + suffix.slice(1));
}

function narrowToType(type: string, { targets, ...facts }: ElementInfo): ElementInfo {
  return { ...facts, types: [type], min: 0, ...(type === 'Reference' && targets && { targets }) };
}
