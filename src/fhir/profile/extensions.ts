// Finds all extensions of a resource, and checks whether their elements may have them. https://hl7.org/fhir/R4/defining-extensions.html#context

import { findElement } from '../elements.ts';
import { SUPERTYPES } from '../fhirpath/type-test.ts';
import { isElement } from '../json-values.ts';
import { buildFault, type Fault } from '../validation/schema-rule.ts';
import type { StructureDefinition } from './definition.ts';
import type { ElementItem } from './rule.ts';

/** `at`: the path from the resource. `owners`: the names of the element with the extension: its path, and its paths from the types of its parents. */
export interface FoundExtension {
  url: string;
  at: (string | number)[];
  item: ElementItem;
  owners: string[];
}

/** The position of an element during the traversal, with its type if it is known. */
interface ElementPosition {
  at: (string | number)[];
  type: string | undefined;
  owners: string[];
}

const NAMES = ['extension', 'modifierExtension'];

/** All extensions with an absolute URL. */
export function listExtensions(resource: { resourceType: string }): FoundExtension[] {
  const found: FoundExtension[] = [];
  if (!hasExtension(resource)) return found;
  visitValue(resource, { at: [], type: resource.resourceType, owners: [resource.resourceType] }, found);
  return found;
}

/** Most resources have no extension. This test is cheaper than the traversal, which builds a path for every element. */
function hasExtension(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasExtension);
  for (const name in value) if (NAMES.includes(name) || hasExtension(value[name as keyof typeof value])) return true;
  return false;
}

function visitValue(value: unknown, place: ElementPosition, found: FoundExtension[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visitValue(item, { ...place, at: [...place.at, index] }, found);
  } else if (isElement(value)) {
    const own = place.type === 'Resource' ? toResourcePosition(place, value) : place;
    for (const name of NAMES) collectExtensions(value, name, own, found);
    for (const [key, inner] of Object.entries(value)) if (typeof inner === 'object') visitValue(inner, toChildPosition(own, key), found);
  }
}

function collectExtensions(owner: Record<string, unknown>, name: string, { at, owners }: ElementPosition, found: FoundExtension[]): void {
  const extensions = owner[name];
  if (!Array.isArray(extensions)) return;
  for (const [index, value] of extensions.entries()) {
    if (!isElement(value) || typeof value.url !== 'string' || !value.url.includes(':')) continue;
    found.push({ url: value.url, at: [...at, name, index], owners, item: { type: 'Extension', value, sibling: undefined, name, index } });
  }
}

/** The names of a contained resource begin with its own type. */
const toResourcePosition = ({ at }: ElementPosition, { resourceType }: Record<string, unknown>): ElementPosition => ({
  at,
  type: String(resourceType),
  owners: [String(resourceType)],
});

function toChildPosition({ at, type, owners }: ElementPosition, key: string): ElementPosition {
  const name = key.startsWith('_') ? key.slice(1) : key;
  const facts = type === undefined ? undefined : (findElement(type, name) ?? findElement(type, key));
  const [own] = facts?.types ?? [];
  const named = facts?.choice ?? name;
  const paths = owners.map((owner) => `${owner}.${named}`);
  return { at: [...at, key], type: own, owners: [...new Set([...paths, ...listTypes(own)])] };
}

/** A type and its supertypes. The type of a backbone element is its path in the definitions, which differs from its path in the resource if it is recursive. */
function listTypes(type: string | undefined): string[] {
  const types: string[] = [];
  for (let name = type; name !== undefined; name = SUPERTYPES[name]) types.push(name);
  return types;
}

const ANYWHERE = new Set(['Element', 'BackboneElement', 'Resource', 'DomainResource']);

/** A fault if the definition does not allow the extension on its element. Only contexts of kind `element` are checked. */
export function checkExtensionContext({ context = [] }: Pick<StructureDefinition, 'context'>, { owners, at }: FoundExtension): Fault[] {
  const allowed = context.map(({ expression }) => expression);
  const isOpen = context.length === 0 || context.some(({ type, expression }) => type !== 'element' || ANYWHERE.has(expression));
  if (isOpen || owners.some((owner) => allowed.includes(owner))) return [];
  return [buildFault('structure', `this extension is allowed on ${allowed.join(', ')} only`, ...at)];
}
