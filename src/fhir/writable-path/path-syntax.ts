// The grammar of the paths that can be read and written: a subset of FHIRPath, so that any engine reads the same text.
// https://hl7.org/fhirpath/. What is not in the subset is refused where it stands; what each part means is in step.ts.
//
//   path  = step ('.' step)* ['.exists()']
//   step  = name | %name | where(cond (' and ' cond)*) | first() | skip(n).first() | ofType(Type) | extension(url)
//   cond  = path '=' ('literal' | true | false | %name)  |  path '.exists()' ['.not()']  |  'resolve() is ' Type          ($this: the element itself)
import { formatSuggestion } from '../closest-name.ts';

/** What stands right of an equals sign: a value, or a name whose value is known when the path is used. */
type Word = { value: string | boolean } | { variable: string };

/** `is`: the path leads to exactly this value. `exists`: it leads to something (`not`: to nothing). `resolves`: it is a reference to a resource of this type. */
export type ConditionSyntax = { path: PathSyntax } & ({ is: Word } | { exists: true; not: boolean } | { resolves: string });

/** One element, and which of its members: those for which all of `where` hold, of these the one at `index`. */
export interface StepSyntax {
  name: string;
  /** `name` is a %variable. */
  variable: boolean;
  ofType?: string;
  where: ConditionSyntax[];
  skip: number;
  index?: number;
  /** Of these only the current ones, the preferred one first (current-rule.ts); no text says it. `old`, `ended`: those too. `uses`: the order a mapping states. `all`: all of them, as they stand. */
  current?: { old: boolean; ended: boolean; uses?: readonly string[]; all?: true };
}

export interface PathSyntax {
  steps: StepSyntax[];
  /** The path ends in `.exists()`. */
  exists: boolean;
}

/** %name → the text it stands for. */
export type Aliases = Readonly<Record<string, string>>;

/** Reads a path; a text outside the subset is an Error that says why. */
export function parsePath(text: string, aliases: Aliases = {}): PathSyntax {
  const path: PathSyntax = { steps: [], exists: false };
  for (const part of split(text, '.')) {
    if (path.exists) throw new Error('nothing may follow exists()');
    if (part !== '$this' || path.steps.length) addPart(path, part, aliases);
  }
  if (path.steps.some((step) => step.skip && step.index === undefined)) throw new Error('skip(n) needs first() after it');
  return path;
}

function addPart(path: PathSyntax, part: string, aliases: Aliases): void {
  const [, name, argument] = /^([%\w]\w*)(?:\((.*)\))?$/s.exec(part) ?? [];
  if (name === undefined) throw new Error(`${part || 'an empty step'} is not in the mapping subset of FHIRPath${insteadOf(part)}`);
  if (argument === undefined) path.steps.push(named(name));
  else if (name === 'extension') path.steps.push({ ...named('extension'), where: [extensionUrl(argument, aliases)] });
  else if (name === 'exists' && argument === '') path.exists = true;
  else narrow(path, name, argument, aliases);
}

const named = (name: string): StepSyntax => ({ name: name.replace(/^%/, ''), variable: name.startsWith('%'), where: [], skip: 0 });

/** Functions that choose among the members of the step before them. */
const NARROWING: Record<string, (step: StepSyntax, argument: string, aliases: Aliases) => StepSyntax> = {
  where: (step, argument, aliases) => ({
    ...step,
    where: [...step.where, ...split(argument, ' and ').map((one) => condition(one, aliases))],
  }),
  first: (step) => ({ ...step, index: step.skip }),
  skip: (step, argument) => {
    if (!/^\d+$/.test(argument)) throw new Error(`skip(${argument}) needs a whole number: write skip(1).first() for the second one`);
    return { ...step, skip: Number(argument) };
  },
  ofType: (step, argument) => ({ ...step, ofType: argument }),
};

const FUNCTIONS = [...Object.keys(NARROWING), 'exists', 'extension'];

/** What to write for a step that is none. */
function insteadOf(part: string): string {
  const [, name, nth] = /^(\w+)\[(\d+)\]$/.exec(part) ?? [];
  if (nth !== undefined) return `: write ${name}.${nth === '0' ? '' : `skip(${nth}).`}first()`;
  if (/\(/.test(part) && !part.endsWith(')')) return ': its bracket is not closed';
  return ': write elements and functions with dots between them';
}

function narrow(path: PathSyntax, name: string, argument: string, aliases: Aliases): void {
  const step = path.steps.pop();
  const rule = Object.hasOwn(NARROWING, name) ? NARROWING[name] : undefined;
  if (!rule)
    throw new Error(
      `${name}() is not in the mapping subset of FHIRPath${formatSuggestion(name, FUNCTIONS)}; there are ${FUNCTIONS.join(', ')}`,
    );
  if (!step) throw new Error(`${name}() has nothing before it`);
  if (step.index !== undefined) throw new Error(`${name}() may not follow first()`);
  path.steps.push(rule(step, argument, aliases));
}

function condition(text: string, aliases: Aliases): ConditionSyntax {
  const resolves = /^resolve\(\) is (\w+)$/.exec(text)?.[1];
  if (resolves !== undefined) return { path: { steps: [], exists: false }, resolves };
  const [left = '', right, more] = split(text, '=');
  if (more !== undefined) throw new Error(`${text}: one equals sign at a time`);
  if (right !== undefined) return { path: parsePath(left, aliases), is: word(right, aliases) };
  const [, inner, not] = /^(.*?)\.exists\(\)(\.not\(\))?$/s.exec(text) ?? [];
  if (inner === undefined) throw new Error(`${text} is not a condition: write path = 'value', path.exists() or resolve() is Type`);
  return { path: parsePath(inner, aliases), exists: true, not: not !== undefined };
}

/** `extension(url)` is short for `extension.where(url = url)`. https://hl7.org/fhir/R4/fhirpath.html#functions */
function extensionUrl(argument: string, aliases: Aliases): ConditionSyntax {
  const is = word(argument, aliases);
  if ('variable' in is) throw new Error(`%${is.variable} is not an alias: an extension needs a known url`);
  return { path: { steps: [named('url')], exists: false }, is };
}

function word(text: string, aliases: Aliases): Word {
  const literal = /^'([^'\\]*)'$/.exec(text)?.[1];
  if (literal !== undefined) return { value: literal };
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  const name = /^%(\w+)$/.exec(text)?.[1];
  if (name === undefined) throw new Error(`${text} is neither a 'literal' nor true, false or a %name: write a text in quotes, '${text}'`);
  return Object.hasOwn(aliases, name) ? { value: aliases[name]! } : { variable: name };
}

/** The parts of a text between marks that stand outside brackets and quotes. */
function split(text: string, mark: string): string[] {
  const parts: string[] = [];
  let [depth, quoted, from] = [0, false, 0];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (depth === 0 && text.startsWith(mark, at)) {
      parts.push(text.slice(from, at));
      from = at + mark.length;
    }
  }
  if (quoted || depth !== 0) throw new Error('brackets or quotes are not closed');
  return [...parts, text.slice(from)].map((part) => part.trim());
}
