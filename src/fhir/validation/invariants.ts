// The error-level constraints of R4, by the type that defines them and their key (`Task.inv-1`). The generated schemas (`invariants`) list the constraints of
// each element. https://hl7.org/fhir/R4/conformance-rules.html#constraints
import { readFileSync } from 'node:fs';
import { compileConstraint } from '../fhirpath/compile.ts';
import type { EvaluationSources } from '../fhirpath/evaluator.ts';
import { buildNode } from '../fhirpath/node.ts';
import { type Element, isElement, listObjects } from '../json-values.ts';
import { readReferenceType } from '../reference.ts';
import { type InvariantPredicate, NATIVE_INVARIANTS } from './invariants/native.ts';
import { INVARIANT_TEXTS } from './invariants/texts.ts';

/** `on`: the type of the element that has the constraint. `expression`: FHIRPath. */
interface Invariant {
  on: string;
  expression: string;
}

/** Name → constraint. */
export const INVARIANTS: Readonly<Record<string, Invariant>> = JSON.parse(
  readFileSync(new URL('../generated/invariants.json', import.meta.url), 'utf8'),
);

/** The keys of the constraints that base validation checks, without their types. */
export const INVARIANT_KEYS: ReadonlySet<string> = new Set(Object.keys(INVARIANTS).map(readKey));

/** The predicate of a constraint: native, or its expression compiled at the first use. */
export function buildInvariantPredicate(name: string): InvariantPredicate {
  const native = NATIVE_INVARIANTS[name];
  if (native) return native;
  let compiled: InvariantPredicate | undefined;
  return (element, root) => {
    compiled ??= compileInvariant(INVARIANTS[name]!);
    return compiled(element, root);
  };
}

/** What a constraint requires, with its key, for error texts. */
export const explainInvariant = (name: string): string =>
  `${INVARIANT_TEXTS[name] ?? `this must be true: ${INVARIANTS[name]!.expression}`} (${readKey(name)})`;

function readKey(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

/** A reference leads to a resource of the type in its text. Its elements are not known, because other resources are not read here. */
const SOURCES: EvaluationSources = {
  findCodes: () => undefined,
  resolveReference(reference) {
    const type = isElement(reference) && !isLocal(reference.reference) ? readReferenceType(reference) : undefined;
    return type === undefined ? undefined : [buildNode(type, { resourceType: type })];
  },
};

const isLocal = (reference: unknown): boolean => typeof reference === 'string' && reference.startsWith('#');

/** A constraint that cannot be evaluated on an element counts as met: an element of a wrong type is refused for that. */
function compileInvariant({ on, expression }: Invariant): InvariantPredicate {
  const isMet = compileConstraint(expression, SOURCES);
  const findResource = expression.includes('%resource') ? findContainingResource : (_element: Element, root: Element) => root;
  return (element, root) => {
    const resource = findResource(element, root);
    try {
      return isMet(buildNode(on, element), buildNode(readType(resource), resource), buildNode(readType(root), root));
    } catch {
      return true;
    }
  };
}

const readType = ({ resourceType }: Element): string | undefined => (typeof resourceType === 'string' ? resourceType : undefined);

/** Root → the contained resource of each object that stands in one. They are indexed once, because each element with such a constraint needs them. */
const OWNERS_BY_ROOT = new WeakMap<Element, ReadonlyMap<unknown, Element>>();

/** The innermost resource that holds an element: the element itself, a contained resource, or the root. */
function findContainingResource(element: Element, root: Element): Element {
  if (readType(element) !== undefined || root.contained === undefined) return readType(element) === undefined ? root : element;
  return indexOwners(root).get(element) ?? root;
}

function indexOwners(root: Element): ReadonlyMap<unknown, Element> {
  const known = OWNERS_BY_ROOT.get(root);
  if (known) return known;
  const owners = new Map<unknown, Element>();
  const index = (value: unknown, owner: Element): void => {
    if (typeof value !== 'object' || value === null) return;
    owners.set(value, owner);
    for (const inner of Object.values(value)) index(inner, owner);
  };
  for (const inner of listObjects(root.contained)) index(inner, inner);
  OWNERS_BY_ROOT.set(root, owners);
  return owners;
}
