// The extensions of a resource, wherever they stand, and whether they may stand there. https://hl7.org/fhir/R4/defining-extensions.html#context

import { isElement } from '../element.ts';
import { findElement } from '../elements.ts';
import { buildFault, type Fault } from '../validation/schema-rules/rule.ts';
import type { StructureDefinition } from './definition.ts';
import type { ElementItem } from './rule.ts';

/** `at`: from the resource's root. `owners`: what the element it stands on is called: by its path, and by paths from the types on the way. */
export interface FoundExtension {
  url: string;
  at: (string | number)[];
  item: ElementItem;
  owners: string[];
}

/** A place on the way down: the type of what is there, if it is known. */
interface ElementPosition {
  at: (string | number)[];
  type: string | undefined;
  owners: string[];
}

const NAMES = ['extension', 'modifierExtension'];

/** All extensions whose definition can be looked up: those with an absolute URL. */
export function listExtensions(resource: { resourceType: string }): FoundExtension[] {
  const found: FoundExtension[] = [];
  visitValue(resource, { at: [], type: resource.resourceType, owners: [resource.resourceType] }, found);
  return found;
}

function visitValue(value: unknown, place: ElementPosition, found: FoundExtension[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visitValue(item, { ...place, at: [...place.at, index] }, found);
  } else if (isElement(value)) {
    for (const name of NAMES) collectExtensions(value, name, place, found);
    for (const [key, inner] of Object.entries(value))
      if (typeof inner === 'object') visitValue(inner, toChildPosition(place, key, inner), found);
  }
}

function collectExtensions(owner: Record<string, unknown>, name: string, { at, owners }: ElementPosition, found: FoundExtension[]): void {
  const extensions = owner[name];
  if (!Array.isArray(extensions)) return;
  for (const [index, value] of extensions.entries()) {
    if (!isElement(value) || typeof value.url !== 'string' || !value.url.includes(':')) continue;
    found.push({ url: value.url, at: [...at, name, index], owners, item: { type: 'Extension', value, beside: undefined, name, index } });
  }
}

function toChildPosition({ at, type, owners }: ElementPosition, key: string, value: unknown): ElementPosition {
  const name = key.startsWith('_') ? key.slice(1) : key;
  const facts = type === undefined ? undefined : (findElement(type, name) ?? findElement(type, key));
  const [inner] = facts?.types ?? [];
  const own = inner === 'Resource' && isElement(value) ? String(value.resourceType) : inner;
  const named = facts?.choice ?? name;
  const paths = inner === 'Resource' ? [] : owners.map((owner) => `${owner}.${named}`);
  return { at: [...at, key], type: own, owners: own === undefined || own.includes('.') ? paths : [...paths, own] };
}

const ANYWHERE = new Set(['Element', 'BackboneElement', 'Resource', 'DomainResource']);

/** A fault when an extension stands on an element that its definition does not name. Contexts that are no elements are not looked at. */
export function checkExtensionContext({ context = [] }: Pick<StructureDefinition, 'context'>, { owners, at }: FoundExtension): Fault[] {
  const allowed = context.map(({ expression }) => expression);
  const isOpen = context.length === 0 || context.some(({ type, expression }) => type !== 'element' || ANYWHERE.has(expression));
  if (isOpen || owners.some((owner) => allowed.includes(owner))) return [];
  return [buildFault('structure', `this extension may stand on ${allowed.join(', ')} only`, ...at)];
}
