// Tests whether an element is useless after a change: an identifier without its value, a note without its text.

import { findElement, listElementNames } from '../elements.ts';
import { readMember } from '../json-values.ts';

/** Type → its content elements, of which it needs one. Elements that FHIR requires are not listed. */
const CONTENT_ELEMENTS: Readonly<Record<string, string[]>> = {
  ContactPoint: ['value'],
  Identifier: ['value'],
  Coding: ['code', 'display'],
  Reference: ['reference', 'identifier', 'display'],
};

const requiredElementCache = new Map<string, string[]>();

/** The required elements of a type. */
function listRequiredElements(type: string): string[] {
  const known = requiredElementCache.get(type) ?? listElementNames(type).filter((name) => findElement(type, name)!.min > 0);
  requiredElementCache.set(type, known);
  return known;
}

/** Whether a change removed a required element, all content elements, or everything but the id (ele-1). */
export function hasLostContent(element: unknown, before: unknown, type: string): boolean {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return false;
  const has = (node: unknown, name: string): boolean => readMember(node, name) !== undefined;
  const lost = (name: string): boolean => has(before, name) && !has(element, name);
  const says = CONTENT_ELEMENTS[type] ?? [];
  return (
    Object.keys(element).every((name) => name === 'id') ||
    listRequiredElements(type).some(lost) ||
    (says.some(lost) && !says.some((name) => has(element, name)))
  );
}
