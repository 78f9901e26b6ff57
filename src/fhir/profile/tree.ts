// The elements of a profile as a tree of definitions, children and slices.
// The tree is built from a snapshot, or from a differential that is merged into the tree of the base profile.
// https://hl7.org/fhir/R4/profiling.html#snapshot
import { findElement } from '../elements.ts';
import { type ElementDefinition, type StructureDefinition, UnusableDefinitionError } from './definition.ts';

/** `definition`: the element's definition, merged with that of the base profile. */
export interface ProfileNode {
  definition: ElementDefinition;
  /** By element name: `identifier`, `value[x]`. */
  children: Map<string, ProfileNode>;
  /** By slice name, in order. The slice of a slice (`a/b`) is a child of that slice. */
  slices: Map<string, ProfileNode>;
}

/** A step in a tree: the name of an element, and the slice, if any. */
interface Step {
  name: string;
  slice?: string | undefined;
}

/** Builds the tree of a profile. `baseOf`: finds the tree of the base profile, for a profile without a snapshot. Undefined for R4's own types. */
export function buildProfileTree(profile: StructureDefinition, baseOf: (canonical: string) => ProfileNode | undefined): ProfileNode {
  const { snapshot, differential, baseDefinition, url, type } = profile;
  if (snapshot?.element?.length) return addElements(buildEmptyNode(type), snapshot.element, type);
  if (!differential?.element?.length) throw new UnusableDefinitionError(`${url} has neither a snapshot nor a differential`);
  const base = baseDefinition === undefined ? undefined : baseOf(baseDefinition);
  return addElements(base ? structuredClone(base) : buildEmptyNode(type), differential.element, type);
}

/** The node of an element by its path (`Observation.referenceRange`), without slices. */
export function findProfileNode(root: ProfileNode, path: string): ProfileNode | undefined {
  return path
    .split('.')
    .slice(1)
    .reduce<ProfileNode | undefined>((node, name) => node?.children.get(name), root);
}

const buildEmptyNode = (path: string): ProfileNode => ({ definition: { path }, children: new Map(), slices: new Map() });

/** Adds elements to `root`, which it changes in place. */
function addElements(root: ProfileNode, elements: ElementDefinition[], type: string): ProfileNode {
  let before: { path: string; steps: Step[] } | undefined;
  for (const element of elements) {
    if (typeof element?.path !== 'string') throw new UnusableDefinitionError('an element has no path');
    const steps = toSteps(element, before);
    before = { path: element.path, steps };
    const node = findOrAddNode(root, steps, type);
    node.definition = mergeDefinitions(node.definition, element);
  }
  return root;
}

/** The steps to an element, from its id. Without an id: from its path, relative to the elements before it. */
function toSteps({ id, path, sliceName }: ElementDefinition, before: { path: string; steps: Step[] } | undefined): Step[] {
  const names = path.split('.');
  const named = id === undefined ? undefined : parseElementId(id, names);
  if (named) return named;
  const known = before?.path.split('.') ?? [];
  const common = names.findIndex((name, at) => name !== known[at] || at === names.length - 1);
  const parentSteps = before ? before.steps.slice(0, Math.max(0, common - 1)) : [];
  const rest = names.slice(parentSteps.length + 1).map((name): Step => ({ name }));
  const last = rest.at(-1);
  if (last && sliceName) last.slice = sliceName;
  return [...parentSteps, ...rest];
}

/** Parses `Patient.extension:race.value[x]`. Undefined: the id does not match the path. */
function parseElementId(id: string, names: string[]): Step[] | undefined {
  const pattern = names.map((name) => `${name.replace(/[[\]]/g, '\\$&')}(?::(.+?))?`).join('\\.');
  const found = new RegExp(`^${pattern}$`).exec(id);
  return found ? names.slice(1).map((name, at) => ({ name, slice: found[at + 2] })) : undefined;
}

function findOrAddNode(root: ProfileNode, steps: Step[], type: string): ProfileNode {
  let node = root;
  let path = type;
  for (const { name, slice } of steps) {
    const choice = findChoiceSlice(node, path, name);
    path = `${path}.${name}`;
    node = findOrAdd(node.children, choice?.name ?? name, path);
    const chosen = choice?.slice ?? slice;
    if (chosen !== undefined) node = findOrAddSlice(node, chosen, path);
    if (choice && !node.definition.type) node.definition = { ...node.definition, type: [{ code: choice.type }] };
  }
  return node;
}

/** `a/b` is a slice of the slice `a`, if that exists, otherwise a slice of the list with this name. */
function findOrAddSlice(node: ProfileNode, name: string, path: string): ProfileNode {
  const outer = [...node.slices.keys()].find((sliceName) => name.startsWith(`${sliceName}/`));
  return outer === undefined ? findOrAdd(node.slices, name, path) : findOrAddSlice(node.slices.get(outer)!, name, path);
}

/** `valueQuantity` in a path is short for the Quantity slice of `value[x]`. https://hl7.org/fhir/R4/profiling.html#slicing */
function findChoiceSlice(parent: ProfileNode, path: string, name: string): { name: string; slice: string; type: string } | undefined {
  const types = [path, ...(parent.definition.type ?? []).map(({ code }) => code)];
  const facts = types.map((type) => findElement(type, name)).find((found) => found !== undefined);
  return facts?.choice !== undefined && facts.choice !== name ? { name: facts.choice, slice: name, type: facts.types[0]! } : undefined;
}

function findOrAdd(nodes: Map<string, ProfileNode>, name: string, path: string): ProfileNode {
  const node = nodes.get(name) ?? buildEmptyNode(path);
  nodes.set(name, node);
  return node;
}

/** Merges a definition into that of the base. Its members replace those of the base, but constraints are added. */
function mergeDefinitions(base: ElementDefinition, over: ElementDefinition): ElementDefinition {
  const constraint = [...(base.constraint ?? []), ...(over.constraint ?? [])];
  return { ...base, ...over, ...(constraint.length && { constraint: [...new Map(constraint.map((item) => [item.key, item])).values()] }) };
}
