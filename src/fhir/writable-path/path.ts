// Paths that work both ways: legal FHIRPath, compiled once, to get values out of a resource and to put values into one.
// https://hl7.org/fhir/R4/fhirpath.html. Which part of FHIRPath: path-syntax.ts.

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

/** What the names in a path mean. */
export interface PathScope {
  /** FHIR type that the path starts from. */
  type: string;
  /** %names that stand for a text everywhere (code systems, URLs). */
  aliases?: Aliases;
  /** %names whose value is known when the path is used → the FHIR type of that value (`string` for plain ones). */
  variables?: Readonly<Record<string, string>>;
  /** Further %names that were put in before the path is read, for whoever mistypes one. */
  names?: readonly string[];
  /** Steps that choose pass over what is not current, and take the preferred element (current-rule.ts). `{}`: in FHIR's order of uses. A name that is a text alone has the parts of its text. Absent: none of it. */
  usePreference?: UsePreference;
  /** The path leads to all members of its last element, as they stand: none of them is preferred. */
  inStoredOrder?: boolean;
}

export interface WritablePath {
  text: string;
  /** FHIR type of what it leads to. */
  type: string;
  /** The variable it starts from; undefined: the node it is used on. */
  variable: string | undefined;
  steps: readonly Step[];
  /** Repeating elements on the way of which no member is chosen. */
  open: string[];
  /** Why nothing can be put here; undefined: `put` works. */
  readOnly: string | undefined;
  /** What it leads to, in document order; `[true]` or `[false]` for a path that ends in exists(). */
  get(node: unknown, env?: PathVariables): unknown[];
  /** A new node that has these values here: one, or as many as a repeating last element takes. None removes the element, and what that leaves empty. */
  put<T>(node: T, values: unknown[], env?: PathVariables): T;
}

const NO_VARIABLES: PathVariables = {};

/** Compiles a path; a text that is not in the subset, or names no element of R4, is an Error that says why. */
export function compilePath(text: string, scope: PathScope): WritablePath {
  return compileSteppedPath(text, parsePath(text, scope.aliases && { aliases: scope.aliases }), scope);
}

function compileSteppedPath(text: string, syntax: PathSyntax, scope: PathScope): WritablePath {
  const [first, ...rest] = syntax.steps;
  const variable = first?.variable ? first : undefined;
  const start = variable ? compileVariableStart(variable, scope) : undefined;
  const steps = compileSteps(variable ? rest : syntax.steps, start ? start.type : scope.type, scope);
  const { exists } = syntax;
  const collect = start
    ? (_node: unknown, env: PathVariables) => followSteps(steps, start.of(env), env)
    : (node: unknown, env: PathVariables) => followSteps(steps, [node], env);
  const readOnly = explainReadOnly(steps, { variable: variable?.name, exists });
  return {
    text,
    type: exists ? 'boolean' : (steps.at(-1)?.type ?? start?.type ?? scope.type),
    variable: variable?.name,
    steps,
    open: steps.filter((step) => step.open).map((step) => step.name),
    readOnly,
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
    if (stepSyntax.variable) throw new Error(`%${stepSyntax.name} may only stand first`);
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
  const there = first.length ? `; a path may begin with ${first.map((one) => `%${one}`).join(', ')}` : '';
  return new Error(
    `%${name} is neither an alias nor a variable${meant}${there}; let: gives a path a name, systems: of surface.yaml a text`,
  );
}

/** The values a path starts from when it starts from a variable; conditions and first() choose among them. */
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
    const met = conditions.length ? all.filter((item) => conditions.every((one) => one.test(item, env))) : all;
    return index === undefined ? met : met.slice(index, index + 1);
  };
  return { type, of };
}

/** Contained resources are told apart by their type. https://hl7.org/fhirpath/#oftypetype-type-specifier-collection */
const buildResourceTypeCondition = (type: string): Condition => ({
  test: (item) => readMember(item, 'resourceType') === type,
  make: (item) => ({ resourceType: type, ...toObject(item) }),
});

/** `targets`: the types that what is asked may refer to; undefined: any, or it is no reference. */
function compileCondition(syntax: ConditionSyntax, scope: PathScope, targets?: readonly string[]): Condition {
  if ('resolves' in syntax) return compileResolveCondition(syntax.resolves, scope, targets);
  const path = compileSteppedPath('', syntax.path, scope);
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
 * A reference to a resource of this type that is here: another server's, a contained one and what only an identifier names are not resolved. A new element
 * has no reference yet: whoever makes it puts in one to this type. https://hl7.org/fhir/R4/fhirpath.html#functions
 */
function compileResolveCondition(type: string, scope: PathScope, targets?: readonly string[]): Condition {
  if (scope.type !== 'Reference') throw new Error(`resolve() needs a reference, and this is of type ${scope.type}`);
  if (targets && !targets.includes(type) && !targets.includes('Resource'))
    throw new Error(`it never refers to ${type}${formatKnownNames(type, targets)}`);
  const test: Condition['test'] = (item, env) => {
    const reference = readMember(item, 'reference');
    const target = typeof reference === 'string' ? normalizeReference(reference, String(env.baseUrl ?? '')) : undefined;
    return target?.startsWith(`${type}/`) === true;
  };
  return { test, make: (item) => item };
}

/** FHIRPath's `=` between one value and another: several values, or none, are not equal to one. */
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

/** Put at a path: the element as its conditions make it. */
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

/** What one step leads to from all of these nodes. Most elements that a path names are not there: they are told by a look. */
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
  if (exists) return 'exists() is an answer, not an element';
  if (!steps.length) return 'it leads to the resource itself';
  const repeats = steps.slice(0, -1).find((step) => step.open);
  if (repeats) return `${repeats.name} repeats: choose a member with where(…) or first()`;
  const unmade = steps.find((step) => !step.open && !step.writable);
  if (unmade?.repeats === false) return `${unmade.name} does not repeat: leave first() and where(…) after it out`;
  return unmade && `the condition on ${unmade.name} cannot be made true by writing: write where(path = 'value')`;
}
