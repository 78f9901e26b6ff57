// Whether two paths may lead to the same place, so that writing one would change what the other wrote.
// Two values that ask for members by different elements are taken for two members; a list, which writes whatever meets its conditions, is not.
import type { Step, WritablePath } from '../../fhir/writable-path/path.ts';
import type { ConditionSyntax, StepSyntax } from '../../fhir/writable-path/path-syntax.ts';
import type { Field } from './field.ts';

interface PathWriter {
  path: WritablePath;
  owns?: Field['entryFilter'] | undefined;
  /** It writes a list of objects: whatever member meets its conditions. */
  list?: boolean;
  /** It writes a list of references to these types, and leaves others alone. */
  targets?: readonly string[] | undefined;
}

/** Equal, or one above the other, or two ways to choose from one list that may choose the same member. */
export function isOverlap(a: PathWriter, b: PathWriter): boolean {
  const length = Math.min(a.path.steps.length, b.path.steps.length);
  for (let at = 0; at < length; at++) {
    const verdict = compareSteps(a, b, at);
    if (verdict !== 'same') return verdict === 'overlap';
  }
  return true;
}

type Verdict = 'same' | 'apart' | 'overlap';

function compareSteps(a: PathWriter, b: PathWriter, at: number): Verdict {
  const [one, other] = [a.path.steps[at]!, b.path.steps[at]!];
  const [left, right] = [syntaxOf(one), syntaxOf(other)];
  if (areSeparateMaps(a, b) || haveDifferentTargets([a, left], [b, right])) return 'apart';
  if (one.key === other.key) return 'same';
  if (left.name !== right.name) return 'apart';
  if (left.ofType !== right.ofType) return left.name === 'contained' ? 'apart' : 'overlap';
  if (excludes(left, right) || excludes(right, left)) return 'apart';
  if (one.open || other.open) return ownsOnlyOthers(a, right) || ownsOnlyOthers(b, left) ? 'apart' : 'overlap';
  if (left.index !== undefined && right.index !== undefined) return left.index === right.index ? 'overlap' : 'apart';
  if (left.index !== undefined || right.index !== undefined || a.list || b.list) return 'overlap';
  return isSubset(left, right) || isSubset(right, left) ? 'overlap' : 'apart';
}

/** References to resources of different types. */
function haveDifferentTargets(...both: [PathWriter, StepSyntax][]): boolean {
  const [one, other] = both.map(([{ targets }, { where }]) => {
    const asked = where.flatMap((condition) => ('resolves' in condition ? [condition.resolves] : []));
    return asked.length ? asked : targets;
  });
  return one !== undefined && other !== undefined && !one.some((type) => other.includes(type));
}

const syntaxOf = (step: Step): StepSyntax => JSON.parse(step.key) as StepSyntax;

/** Whether no member meets the conditions of both, by what the one asks for. */
function excludes(one: StepSyntax, other: StepSyntax): boolean {
  return other.where.some(
    (against) =>
      (one.current?.old === false && asksForOld(against)) ||
      one.where.some((asked) => excludeEachOther(asked, against) || asksForMissing(asked, against)),
  );
}

const asksForOld = (condition: ConditionSyntax): boolean => joinStepNames(condition) === 'use' && readLiteral(condition) === 'old';

/** Two values of one path, references to two types, or codings that exclude each other: a concept has one code of those that a mapping tells apart. */
function excludeEachOther(one: ConditionSyntax, other: ConditionSyntax): boolean {
  if (isPresence(one) && isPresence(other)) return haveExclusiveConditions(one.path.steps, other.path.steps);
  if (JSON.stringify(one.path.steps) !== JSON.stringify(other.path.steps)) return false;
  if ('resolves' in one && 'resolves' in other) return one.resolves !== other.resolves;
  const values = [one, other].map(readLiteral);
  return !values.includes(undefined) && values[0] !== values[1];
}

/** The same elements, and in one of them conditions that no member meets. */
function haveExclusiveConditions(one: StepSyntax[], other: StepSyntax[]): boolean {
  const names = [one, other].map((steps) => steps.map(({ name }) => name).join('.'));
  return names[0] === names[1] && one.some((step, at) => excludes(step, other[at]!) || excludes(other[at]!, step));
}

/** The one asks for something at a path, or below it, where the other asks that nothing be there. */
function asksForMissing(one: ConditionSyntax, other: ConditionSyntax): boolean {
  if (isAbsence(one) || !isAbsence(other)) return false;
  const [asked, missing] = [one, other].map(({ path }) => path.steps) as [StepSyntax[], StepSyntax[]];
  return missing.every((step, at) => {
    const isWhole = !step.where.length && step.ofType === undefined && !step.skip;
    return asked[at]?.name === step.name && (isWhole || JSON.stringify(asked[at]) === JSON.stringify(step));
  });
}

const isPresence = (condition: ConditionSyntax): boolean => 'exists' in condition && !condition.not;

const isAbsence = (condition: ConditionSyntax): boolean => 'exists' in condition && condition.not;

const readLiteral = (condition: ConditionSyntax): string | boolean | undefined =>
  'is' in condition && 'value' in condition.is ? condition.is.value : undefined;

const joinStepNames = ({ path }: ConditionSyntax): string => path.steps.map(({ name }) => name).join('.');

/** Every condition of the one is asked by the other too: what meets that one meets this one. */
function isSubset(one: StepSyntax, other: StepSyntax): boolean {
  const asked = other.where.map((condition) => JSON.stringify(condition));
  return one.where.every((condition) => asked.includes(JSON.stringify(condition)));
}

/** Two maps over one element, whose keys never begin alike. */
function areSeparateMaps({ owns: one }: PathWriter, { owns: other }: PathWriter): boolean {
  return one?.key !== undefined && one.key === other?.key && !one.prefix.startsWith(other.prefix) && !other.prefix.startsWith(one.prefix);
}

/** A map owns only members whose key begins with its prefix, and the other asks for a member whose key does not. */
function ownsOnlyOthers({ owns }: PathWriter, { where }: StepSyntax): boolean {
  if (!owns) return false;
  return where.some((condition) => {
    if (!('is' in condition) || !('value' in condition.is)) return false;
    const [step, ...more] = condition.path.steps;
    return step!.name === owns.key && more.length === 0 && !String(condition.is.value).startsWith(owns.prefix);
  });
}
