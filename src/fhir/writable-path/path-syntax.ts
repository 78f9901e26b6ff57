// Writable paths: a subset of FHIRPath, compiled from its syntax tree into steps (step.ts). https://hl7.org/fhirpath/N1/
// The errors about other expressions suggest a supported form.
//
//   path  = step ('.' step)* ['.exists()']
//   step  = name | %name | where(cond (' and ' cond)*) | first() | skip(n).first() | ofType(Type) | extension(url)
//   cond  = path '=' ('literal' | true | false | %name)  |  path '.exists()' ['.not()']  |  [path '.'] 'resolve() is ' Type          ($this: the element itself)
import { formatSuggestion } from '../closest-name.ts';
import { parseFhirPath, readTypeArgument, type SyntaxTree } from '../fhirpath/parser.ts';

/** The right side of an equals sign: a value, or a variable with a value at run time. */
type Operand = { value: string | boolean } | { variable: string };

/** `is`: the path has exactly this value. `exists`: the path has a value (`not`: has none). `resolves`: the path leads to a reference to a resource of this type. */
export type ConditionSyntax = { path: PathSyntax } & ({ is: Operand } | { exists: true; not: boolean } | { resolves: string });

/** An element, and the selected members: those that meet all conditions of `where`, and of these the member at `index`. */
export interface StepSyntax {
  name: string;
  /** `name` is a %variable. */
  variable: boolean;
  ofType?: string;
  where: ConditionSyntax[];
  skip: number;
  index?: number;
  /**
   * Selects only current members, the preferred one first (current-rule.ts). The text of a path does not contain it. `uses`: the order of uses of a mapping.
   */
  current?: { allowsOld: boolean; allowsEnded: boolean; uses?: readonly string[]; inStoredOrder?: true };
}

export interface PathSyntax {
  steps: StepSyntax[];
  /** The path ends in `.exists()`. */
  exists: boolean;
}

/** %name → its text. */
export type Aliases = Readonly<Record<string, string>>;

/** `indexes`: whether `name[n]` is allowed for `name.skip(n).first()`, as in patches. */
interface PathOptions {
  aliases?: Aliases;
  indexes?: boolean;
}

/** `text`: the whole path, for errors. */
interface Source extends PathOptions {
  text: string;
}

/** Parses a path into steps. Throws an Error if the text is not FHIRPath or not in the subset, with a supported form. */
export function parsePath(text: string, options: PathOptions = {}): PathSyntax {
  if (text.trim() === '') throw new Error('an empty path is not in the mapping subset of FHIRPath');
  return compilePathSyntax(parseFhirPath(text), { text, ...options });
}

function compilePathSyntax(tree: SyntaxTree, source: Source): PathSyntax {
  const path = addParts({ steps: [], exists: false }, tree, source);
  if (path.steps.some((step) => step.skip && step.index === undefined)) throw new Error('skip(n) needs first() after it');
  return path;
}

/** Adds the parts of a tree to a path, from left to right. */
function addParts(path: PathSyntax, tree: SyntaxTree, source: Source): PathSyntax {
  if (tree.kind === 'dot') return addParts(addParts(path, tree.left, source), tree.right, source);
  if (tree.kind === 'index') return addIndex(addParts(path, tree.left, source), tree, source);
  if (path.exists) throw new Error('nothing may follow exists()');
  if (tree.kind === 'name') return addStep(path, buildStep(tree.name));
  if (tree.kind === 'call') return addCall(path, tree, source);
  if (tree.kind === 'variable' && tree.name === '$this' && !path.steps.length) return path;
  if (tree.kind === 'variable' && tree.name.startsWith('%')) return addStep(path, { ...buildStep(tree.name.slice(1)), variable: true });
  throw new Error(
    `${quoteSource(tree, source)} is not in the mapping subset of FHIRPath: write elements and functions with dots between them`,
  );
}

const buildStep = (name: string): StepSyntax => ({ name, variable: false, where: [], skip: 0 });

const addStep = ({ steps, exists }: PathSyntax, step: StepSyntax): PathSyntax => ({ steps: [...steps, step], exists });

const quoteSource = ({ start, end }: SyntaxTree, { text }: Source): string => text.slice(start, end);

type Call = Extract<SyntaxTree, { kind: 'call' }>;

function addCall(path: PathSyntax, call: Call, source: Source): PathSyntax {
  const { name, args } = call;
  const narrow = Object.hasOwn(NARROWING_FUNCTIONS, name) ? NARROWING_FUNCTIONS[name] : undefined;
  const expected = ARGUMENT_COUNTS[name];
  if (expected === undefined)
    throw new Error(
      `${name}() is not in the mapping subset of FHIRPath${formatSuggestion(name, FUNCTION_NAMES)}; there are ${FUNCTION_NAMES.join(', ')}`,
    );
  if (args.length !== expected) throw new Error(`${name}() takes ${expected === 0 ? 'no argument' : 'one argument'} here`);
  if (name === 'extension') return addStep(path, { ...buildStep('extension'), where: [compileExtensionUrl(args[0]!, source)] });
  return narrow ? narrowLastStep(path, name, (step) => narrow(step, args, source)) : { ...path, exists: true };
}

/** Functions that choose among the members of the step before them. */
const NARROWING_FUNCTIONS: Readonly<Record<string, (step: StepSyntax, args: SyntaxTree[], source: Source) => StepSyntax>> = {
  where: (step, [criterion], source) => ({
    ...step,
    where: [...step.where, ...splitConjunction(criterion!).map((condition) => compileCondition(condition, source))],
  }),
  first: (step) => ({ ...step, index: step.skip }),
  skip: (step, [count], source) => {
    const skip = readWholeNumber(count!);
    if (skip === undefined)
      throw new Error(`skip(${quoteSource(count!, source)}) needs a whole number: write skip(1).first() for the second one`);
    return { ...step, skip };
  },
  ofType: (step, args, source) => {
    const ofType = readTypeArgument(args);
    if (ofType === undefined) throw new Error(`ofType(${quoteSource(args[0]!, source)}) needs the name of a type`);
    return { ...step, ofType };
  },
};

const ARGUMENT_COUNTS: Readonly<Record<string, number>> = { where: 1, first: 0, skip: 1, ofType: 1, exists: 0, extension: 1 };
const FUNCTION_NAMES = Object.keys(ARGUMENT_COUNTS);

const readWholeNumber = (tree: SyntaxTree): number | undefined =>
  tree.kind === 'literal' && tree.type === 'Integer' ? Number(tree.value) : undefined;

function narrowLastStep(path: PathSyntax, name: string, narrow: (step: StepSyntax) => StepSyntax): PathSyntax {
  const step = path.steps.at(-1);
  if (!step) throw new Error(`${name}() has nothing before it`);
  if (step.index !== undefined) throw new Error(`${name}() may not follow first()`);
  return { ...path, steps: [...path.steps.slice(0, -1), narrow(step)] };
}

/** `name[n]` is short for `name.skip(n).first()`. */
function addIndex(path: PathSyntax, tree: Extract<SyntaxTree, { kind: 'index' }>, source: Source): PathSyntax {
  if (path.exists) throw new Error('nothing may follow exists()');
  const index = readWholeNumber(tree.index);
  if (source.indexes && index !== undefined) return narrowLastStep(path, `[${index}]`, (step) => ({ ...step, skip: index, index }));
  const instead = index ? `.skip(${index}).first()` : '.first()';
  throw new Error(
    `${quoteSource(tree, source)} is not in the mapping subset of FHIRPath: write ${quoteSource(tree.left, source)}${instead}`,
  );
}

const splitConjunction = (tree: SyntaxTree): SyntaxTree[] =>
  tree.kind === 'operator' && tree.operator === 'and' ? [...splitConjunction(tree.left), ...splitConjunction(tree.right)] : [tree];

function compileCondition(tree: SyntaxTree, source: Source): ConditionSyntax {
  if (tree.kind === 'type' && tree.operator === 'is') {
    const { left, type } = tree;
    if (isCallOf(left, 'resolve')) return { path: { steps: [], exists: false }, resolves: type };
    if (left.kind === 'dot' && isCallOf(left.right, 'resolve')) return { path: compilePathSyntax(left.left, source), resolves: type };
  }
  if (tree.kind === 'operator' && tree.operator === '=') return compileEquality(tree, source);
  const negated = tree.kind === 'dot' && isCallOf(tree.right, 'not');
  const test = negated ? tree.left : tree;
  if (test.kind === 'dot' && isCallOf(test.right, 'exists'))
    return { path: compilePathSyntax(test.left, source), exists: true, not: negated };
  throw new Error(
    `${quoteSource(tree, source)} is not a condition: write path = 'value', path.exists() or resolve() is Type, joined by and`,
  );
}

function compileEquality({ left, right }: Extract<SyntaxTree, { kind: 'operator' }>, source: Source): ConditionSyntax {
  if (left.kind === 'operator') throw new Error(`${quoteSource(left, source)} = …: one comparison at a time, on the left a path`);
  return { path: compilePathSyntax(left, source), is: readOperand(right, source) };
}

const isCallOf = (tree: SyntaxTree, name: string): boolean => tree.kind === 'call' && tree.name === name && tree.args.length === 0;

/** `extension(url)` is short for `extension.where(url = url)`. https://hl7.org/fhir/R4/fhirpath.html#functions */
function compileExtensionUrl(url: SyntaxTree, source: Source): ConditionSyntax {
  const is = readOperand(url, source);
  if ('variable' in is) throw new Error(`%${is.variable} is not an alias: an extension needs a known url`);
  return { path: { steps: [buildStep('url')], exists: false }, is };
}

function readOperand(tree: SyntaxTree, source: Source): Operand {
  if (tree.kind === 'literal' && typeof tree.value !== 'number' && (tree.type === 'String' || tree.type === 'Boolean'))
    return { value: tree.value };
  const name = tree.kind === 'variable' && tree.name.startsWith('%') ? tree.name.slice(1) : undefined;
  const text = quoteSource(tree, source);
  if (name === undefined) throw new Error(`${text} is neither a 'literal' nor true, false or a %name: write a text in quotes, '${text}'`);
  return source.aliases && Object.hasOwn(source.aliases, name) ? { value: source.aliases[name]! } : { variable: name };
}
