// The elements of a profile as a tree: what it asks of each element, its children, and the slices of its list.
// From a snapshot, or from a differential laid over the tree of its base: what a base asks is asked as well, so that nothing else is needed of it.
// https://hl7.org/fhir/R4/profiling.html#snapshot
import { findElement } from '../elements.ts';
import { type ElementDefinition, type StructureDefinition, UnusableDefinitionError } from './definition.ts';

/** `asks`: the element's definition; that of a base and of what is laid over it together. */
export interface ProfileNode {
  definition: ElementDefinition;
  /** By element name: `identifier`, `value[x]`. */
  children: Map<string, ProfileNode>;
  /** By slice name, in order. A slice of a slice (`a/b`) stands in the slice. */
  slices: Map<string, ProfileNode>;
}

/** A place in a tree: element names from the root's children on, each with the slice chosen there. */
interface Step {
  name: string;
  slice?: string | undefined;
}

/** The tree of a profile. `baseOf`: the tree of the profile it is based on, where it has no snapshot; undefined for R4's own types. */
export function buildProfileTree(profile: StructureDefinition, baseOf: (canonical: string) => ProfileNode | undefined): ProfileNode {
  const { snapshot, differential, baseDefinition, url, type } = profile;
  if (snapshot?.element?.length) return addElements(buildEmptyNode(type), snapshot.element, type);
  if (!differential?.element?.length) throw new UnusableDefinitionError(`${url} has neither a snapshot nor a differential`);
  const base = baseDefinition === undefined ? undefined : baseOf(baseDefinition);
  return addElements(base ? structuredClone(base) : buildEmptyNode(type), differential.element, type);
}

/** The node of an element by its path (`Observation.referenceRange`), slices left aside. */
export function findProfileNode(root: ProfileNode, path: string): ProfileNode | undefined {
  return path
    .split('.')
    .slice(1)
    .reduce<ProfileNode | undefined>((node, name) => node?.children.get(name), root);
}

const buildEmptyNode = (path: string): ProfileNode => ({ definition: { path }, children: new Map(), slices: new Map() });

/** `root` is this function's own: its caller made it for this. */
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

/** The steps that an element's id names; without an id, those of its path below the elements that stand before it. */
function toSteps({ id, path, sliceName }: ElementDefinition, before: { path: string; steps: Step[] } | undefined): Step[] {
  const names = path.split('.');
  const named = id === undefined ? undefined : parseElementId(id, names);
  if (named) return named;
  const known = before?.path.split('.') ?? [];
  const common = names.findIndex((name, at) => name !== known[at] || at === names.length - 1);
  const kept = before ? before.steps.slice(0, Math.max(0, common - 1)) : [];
  const rest = names.slice(kept.length + 1).map((name): Step => ({ name }));
  const last = rest.at(-1);
  if (last && sliceName) last.slice = sliceName;
  return [...kept, ...rest];
}

/** `Patient.extension:race.value[x]`; undefined when the id does not follow the path. */
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

/** `a/b` is a slice of the slice a, if there is such a one; otherwise a name like any other. */
function findOrAddSlice(node: ProfileNode, name: string, path: string): ProfileNode {
  const outer = [...node.slices.keys()].find((one) => name.startsWith(`${one}/`));
  return outer === undefined ? findOrAdd(node.slices, name, path) : findOrAddSlice(node.slices.get(outer)!, name, path);
}

/** `valueQuantity` as a path is short for the slice of that type of `value[x]`. https://hl7.org/fhir/R4/profiling.html#slicing */
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

/** What is laid over replaces what it says; constraints add up. */
function mergeDefinitions(base: ElementDefinition, over: ElementDefinition): ElementDefinition {
  const constraint = [...(base.constraint ?? []), ...(over.constraint ?? [])];
  return { ...base, ...over, ...(constraint.length && { constraint: [...new Map(constraint.map((one) => [one.key, one])).values()] }) };
}
