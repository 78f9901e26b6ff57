// What is left of an element when something is taken out of it may say nothing: an identifier without its value, a note without its text.
import { elementNames, elementOf } from '../elements.ts';

type Node = Record<string, unknown>;

/** What a type says, where FHIR does not require it: one of these. */
const SAYS: Readonly<Record<string, string[]>> = {
  ContactPoint: ['value'],
  Identifier: ['value'],
  Coding: ['code', 'display'],
  Reference: ['reference', 'identifier', 'display'],
};

const required = new Map<string, string[]>();

/** The elements that FHIR requires of a type. */
function requiredOf(type: string): string[] {
  const known = required.get(type) ?? elementNames(type).filter((name) => elementOf(type, name)!.min > 0);
  required.set(type, known);
  return known;
}

/** Whether it has lost what it was there for: what FHIR requires of it, all that its type says, or everything but its id (ele-1). */
export function isSpent(element: unknown, before: unknown, type: string): boolean {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) return false;
  const has = (node: unknown, name: string): boolean => (node as Node | undefined)?.[name] !== undefined;
  const lost = (name: string): boolean => has(before, name) && !has(element, name);
  const says = SAYS[type] ?? [];
  return (
    Object.keys(element).every((name) => name === 'id') ||
    requiredOf(type).some(lost) ||
    (says.some(lost) && !says.some((name) => has(element, name)))
  );
}
