// Writable paths: FHIRPath, compiled once, that reads values from a resource and also writes them. https://hl7.org/fhir/R4/fhirpath.html
// path-syntax.ts defines the supported subset.

import { formatKnownNames, formatSuggestion } from '../closest-name.ts';
import type { UsePreference } from '../current-elements.ts';
import { readMember, toObject } from '../json-values.ts';
import { addNameParts, removeDerivedNameParts } from '../person-name.ts';
import { normalizeReference } from '../reference.ts';
import { explainUnboundCode } from '../terminology/explain-code.ts';
import { applyCurrentRule, buildCurrentConditions, buildMemberOrder, keepStoredOrder } from './current-rule.ts';
import { type Aliases, type ConditionSyntax, type PathSyntax, parsePath, type StepSyntax } from './path-syntax.ts';
import { type Condition, compileStep, findStepElement, type PathVariables, type Step } from './step.ts';

export type { Aliases } from './path-syntax.ts';
export type { PathVariables, Step } from './step.ts';

/** The names in a path, and the rules for its steps. */
export interface PathScope {
  /** The FHIR type at the start of the path. */
  type: string;
  /** %name → its text (a code system, a URL). */
  aliases?: Aliases;
  /** %name with a value at run time → the FHIR type of the value (`string` for texts). */
  variables?: Readonly<Record<string, string>>;
  /** Further %names, which are replaced before parsing. Errors about unknown names suggest them. */
  names?: readonly string[];
  /**
   * Steps that choose among members select current elements only, the preferred one first (current-rule.ts), and a name that has only a text gets the parts of
   * the text. `{}`: the default order of uses. Absent: neither applies.
   */
  usePreference?: UsePreference;
  /** The path selects all members of its last element, in stored order. */
  inStoredOrder?: boolean;
}

export interface WritablePath {
  text: string;
  /** The FHIR type of its values. */
  type: string;
  /** The variable at its start. Undefined: the path starts at the node. */
  variable: string | undefined;
  steps: readonly Step[];
  /** The repeating elements of which no member is chosen. */
  open: string[];
  /** Why `put` is not possible. Undefined: it is. */
  readOnly: string | undefined;
  /** The nodes at which its steps begin: the node itself, or the values of its variable. */
  start(node: unknown, env?: PathVariables): unknown[];
  /** Whether it ends in exists(). */
  exists: boolean;
  /** The values, in document order. `[true]` or `[false]` for a path that ends in exists(). */
  get(node: unknown, env?: PathVariables): unknown[];
  /** A new node with these values: one, or several if the last element repeats. Without values, the element is removed, and elements that become empty. */
  put<T>(node: T, values: unknown[], env?: PathVariables): T;
}

const NO_VARIABLES: PathVariables = {};

/** Compiles a path. Throws an Error with the reason if the text is not in the subset, or names an element that R4 does not define. */
export function compilePath(text: string, scope: PathScope): WritablePath {
  return compileSteppedPath(text, parsePath(text, scope.aliases && { aliases: scope.aliases }), scope);
}

function compileSteppedPath(text: string, syntax: PathSyntax, scope: PathScope): WritablePath {
  const [first, ...rest] = syntax.steps;
  const variable = first?.variable ? first : undefined;
  const start = variable ? compileVariableStart(variable, scope) : undefined;
  const steps = compileSteps(variable ? rest : syntax.steps, start ? start.type : scope.type, scope);
  const { exists } = syntax;
  const begin = start ? (_node: unknown, env: PathVariables) => start.of(env) : (node: unknown) => [node];
  const collect = (node: unknown, env: PathVariables) => followSteps(steps, begin(node, env), env);
  const readOnly = explainReadOnly(steps, { variable: variable?.name, exists });
  return {
    text,
    type: exists ? 'boolean' : (steps.at(-1)?.type ?? start?.type ?? scope.type),
    variable: variable?.name,
    steps,
    open: steps.filter((step) => step.open).map((step) => step.name),
    readOnly,
    start: (node, env = NO_VARIABLES) => begin(node, env),
    exists,
    get: exists ? (node, env = NO_VARIABLES) => [collect(node, env).length > 0] : (node, env = NO_VARIABLES) => collect(node, env),
    put: (node, values, env = NO_VARIABLES) => {
      if (readOnly !== undefined) throw new Error(`${text}: nothing can be put here: ${readOnly}`);
      // the assertion: the copy has the type of the node
      return (putAtStep(steps, 0, { node, values, env }) ?? {}) as typeof node;
    },
  };
}

function compileSteps(syntax: readonly StepSyntax[], type: string, scope: PathScope): Step[] {
  const steps: Step[] = [];
  for (const stepSyntax of syntax) {
    if (stepSyntax.variable) throw new Error(`%${stepSyntax.name} must be the first step`);
    const from = steps.at(-1)?.type ?? type;
    const element = findStepElement(from, stepSyntax);
    const elementType = element.facts.types[0]!;
    const choice = scope.usePreference ? applyCurrentRule(stepSyntax, elementType, scope.usePreference) : stepSyntax;
    const step = scope.inStoredOrder && stepSyntax === syntax.at(-1) ? keepStoredOrder(choice) : choice;
    const asked = step.where.map((condition) => compileCondition(condition, { ...scope, type: elementType }, element.facts.targets));
    const conditions = [
      ...(stepSyntax.name === 'contained' && stepSyntax.ofType ? [buildResourceTypeCondition(stepSyntax.ofType)] : []),
      ...asked,
      ...buildCurrentConditions(step),
    ];
    const whole = scope.usePreference && elementType === 'HumanName' ? { show: addNameParts, store: removeDerivedNameParts } : undefined;
    steps.push(compileStep(step, element, { conditions, order: buildMemberOrder(step, elementType), whole }));
  }
  return steps;
}

function buildUnknownNameError(name: string, { aliases = {}, variables = {}, names = [] }: PathScope): Error {
  const first = [...Object.keys(variables), ...names];
  const meant = formatSuggestion(name, [...Object.keys(aliases), ...first]);
  const there = first.length ? `; a path may begin with ${first.map((variableName) => `%${variableName}`).join(', ')}` : '';
  return new Error(
    `%${name} is neither an alias nor a variable${meant}${there}; let: gives a path a name, systems: of surface.yaml a text`,
  );
}

/** The start of a path that begins with a variable. Conditions and first() choose among its values. */
function compileVariableStart(syntax: StepSyntax, scope: PathScope): { type: string; of(env: PathVariables): unknown[] } {
  const { name, where, index } = syntax;
  const type = scope.variables?.[name];
  if (type === undefined) throw buildUnknownNameError(name, scope);
  const chosen = scope.usePreference ? applyCurrentRule(syntax, type, scope.usePreference) : syntax;
  const conditions = [...where.map((condition) => compileCondition(condition, { ...scope, type })), ...buildCurrentConditions(chosen)];
  const of = (env: PathVariables): unknown[] => {
    const value = env[name];
    if (value === undefined || value === null) return [];
    const all = Array.isArray(value) ? value : [value];
    const met = conditions.length ? all.filter((item) => conditions.every((condition) => condition.test(item, env))) : all;
    return index === undefined ? met : met.slice(index, index + 1);
  };
  return { type, of };
}

/** `contained.ofType(Type)` selects contained resources by their type. https://hl7.org/fhirpath/#oftypetype-type-specifier-collection */
const buildResourceTypeCondition = (type: string): Condition => ({
  test: (item) => readMember(item, 'resourceType') === type,
  make: (item) => ({ resourceType: type, ...toObject(item) }),
});

/** `targets`: the target types of the reference. Undefined: any type, or the element is not a reference. */
function compileCondition(syntax: ConditionSyntax, scope: PathScope, targets?: readonly string[]): Condition {
  const path = compileSteppedPath('', syntax.path, scope);
  if ('resolves' in syntax) return compileResolveCondition(syntax.resolves, path, path.steps.at(-1)?.targets ?? targets);
  if ('exists' in syntax) return compileExistsCondition(path, syntax.not);
  const { is } = syntax;
  const unknown = 'value' in is ? explainUnboundCode(is.value, path.steps.at(-1)?.requiredValueSet) : undefined;
  if (unknown !== undefined) throw new Error(unknown);
  const wanted = 'value' in is ? () => is.value : (env: PathVariables) => env[is.variable];
  if ('variable' in is && scope.variables?.[is.variable] === undefined) throw buildUnknownNameError(is.variable, scope);
  const make = path.readOnly === undefined && !path.open.length && path.steps.length > 0;
  return {
    test: buildEqualityTest(path, wanted),
    ...(make && { make: (item: unknown, env: PathVariables) => path.put(item ?? {}, [wanted(env)], env) }),
  };
}

/**
 * A reference to a resource of this type on this server. References to other servers or contained resources, and identifiers alone, are not resolved. The
 * creator of a new element must add the reference. https://hl7.org/fhir/R4/fhirpath.html#functions
 */
function compileResolveCondition(type: string, path: WritablePath, targets?: readonly string[]): Condition {
  if (path.type !== 'Reference') throw new Error(`resolve() needs a reference, and this is of type ${path.type}`);
  if (targets && !targets.includes(type) && !targets.includes('Resource'))
    throw new Error(`it never refers to ${type}${formatKnownNames(type, targets)}`);
  const refersTo = (found: unknown, env: PathVariables): boolean => {
    const reference = readMember(found, 'reference');
    const target = typeof reference === 'string' ? normalizeReference(reference, String(env.baseUrl ?? '')) : undefined;
    return target?.startsWith(`${type}/`) === true;
  };
  const isElement = path.steps.length === 0;
  // FHIRPath's `is` with several values on its left is an error: the condition is not met
  const test: Condition['test'] = (item, env) => {
    if (isElement) return refersTo(item, env);
    const found = path.get(item, env);
    return found.length === 1 && refersTo(found[0], env);
  };
  return { test, make: (item) => item };
}

/** FHIRPath's `=` with a single value: several values, or none, are not equal to it. */
function buildEqualityTest(path: WritablePath, wanted: (env: PathVariables) => unknown): Condition['test'] {
  const [step] = path.steps;
  if (path.steps.length === 1 && !path.open.length && step!.writable && !path.variable) {
    const { name } = step!;
    return (item, env) => readMember(item, name) === wanted(env);
  }
  return (item, env) => {
    const found = path.get(item, env);
    return found.length === 1 && found[0] === wanted(env);
  };
}

function compileExistsCondition(path: WritablePath, not: boolean): Condition {
  const test: Condition['test'] = (item, env) => path.get(item, env).length > 0 !== not;
  if (not) return { test, make: (item) => item, absent: true };
  const last = path.steps.at(-1);
  const make = path.readOnly === undefined && last !== undefined && !last.open && !/^[a-z]/.test(last.type);
  return make ? { test, make: (item, env) => putAtStep(path.steps, 0, { node: item, values: [KEEP_CREATED], env }) } : { test };
}

/** Put at a path to keep the element that its conditions create. */
const KEEP_CREATED = Symbol('ensured');

function followSteps(steps: readonly Step[], from: unknown[], env: PathVariables): unknown[] {
  let nodes = from;
  for (const step of steps) {
    if (!nodes.length) return NO_VALUES;
    nodes = findStepValues(step, nodes, env);
  }
  return nodes;
}

const NO_VALUES: unknown[] = [];

/** The values that a step finds in nodes. Most elements of a path are absent, which is tested first. */
export function findStepValues(step: Step, nodes: unknown[], env: PathVariables): unknown[] {
  if (nodes.length === 1 && readMember(nodes[0], step.name) === undefined) return NO_VALUES;
  const all: unknown[] = [];
  for (const node of nodes) step.find(node, env, all);
  return step.index === undefined ? all : all.slice(step.index, step.index + 1);
}

function putAtStep(
  steps: readonly Step[],
  at: number,
  { node, values, env }: { node: unknown; values: unknown[]; env: PathVariables },
): unknown {
  const step = steps[at]!;
  if (step.open) return step.replace(node, values);
  const last = at === steps.length - 1;
  const edit = (element: unknown): unknown => {
    if (!last) return putAtStep(steps, at + 1, { node: element, values, env });
    return values[0] === KEEP_CREATED ? element : values[0];
  };
  return step.change(node, env, { make: values.length > 0, edit });
}

function explainReadOnly(
  steps: readonly Step[],
  { variable, exists }: { variable: string | undefined; exists: boolean },
): string | undefined {
  if (variable !== undefined) return `%${variable} is not part of the resource`;
  if (exists) return 'exists() is a test, not an element';
  if (!steps.length) return 'it leads to the resource itself';
  const repeats = steps.slice(0, -1).find((step) => step.open);
  if (repeats) return `${repeats.name} repeats: choose a member with where(…) or first()`;
  const unmade = steps.find((step) => !step.open && !step.writable);
  if (unmade?.repeats === false) return `${unmade.name} does not repeat: remove first() and where(…) after it`;
  return unmade && `the condition on ${unmade.name} cannot be made true by writing: write where(path = 'value')`;
}
