// Whether two paths can select the same element, so that writing one would change the value of the other.
// Two single values whose conditions are on different elements are assumed to select different members; a list selects every member that meets its conditions.

import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { ConditionSyntax, StepSyntax } from '../../fhir/writable-path/path-syntax.ts';
import type { Field } from './field.ts';
import { readStepSyntax } from './step-syntax.ts';

interface PathWriter {
  path: WritablePath;
  owns?: Field['entryFilter'] | undefined;
  /** Whether it writes a list of objects. */
  list?: boolean;
  /** For a list of references: the types that it writes. */
  targets?: readonly string[] | undefined;
}

/** Whether the paths are equal, one contains the other, or both can select the same member of a list. */
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
  const [left, right] = [readStepSyntax(one), readStepSyntax(other)];
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
    const resolvedTypes = where.flatMap((condition) => ('resolves' in condition ? [condition.resolves] : []));
    return resolvedTypes.length ? resolvedTypes : targets;
  });
  return one !== undefined && other !== undefined && !one.some((type) => other.includes(type));
}

/** Whether the conditions of the first exclude those of the second. */
function excludes(step: StepSyntax, other: StepSyntax): boolean {
  return other.where.some(
    (against) =>
      (step.current?.allowsOld === false && asksForOld(against)) ||
      step.where.some((condition) => excludeEachOther(condition, against) || asksForMissing(condition, against)),
  );
}

const asksForOld = (condition: ConditionSyntax): boolean => joinStepNames(condition) === 'use' && readLiteral(condition) === 'old';

/** Different values at one path, references to different types, or codings that exclude each other. */
function excludeEachOther(condition: ConditionSyntax, other: ConditionSyntax): boolean {
  if (isPresence(condition) && isPresence(other)) return haveExclusiveConditions(condition.path.steps, other.path.steps);
  if (JSON.stringify(condition.path.steps) !== JSON.stringify(other.path.steps)) return false;
  if ('resolves' in condition && 'resolves' in other) return condition.resolves !== other.resolves;
  const values = [condition, other].map(readLiteral);
  return !values.includes(undefined) && values[0] !== values[1];
}

/** Whether paths over the same elements have exclusive conditions. */
function haveExclusiveConditions(one: StepSyntax[], other: StepSyntax[]): boolean {
  const names = [one, other].map((steps) => steps.map(({ name }) => name).join('.'));
  return names[0] === names[1] && one.some((step, at) => excludes(step, other[at]!) || excludes(other[at]!, step));
}

/** Whether the first requires a value at or below a path where the second requires none. */
function asksForMissing(condition: ConditionSyntax, other: ConditionSyntax): boolean {
  if (isAbsence(condition) || !isAbsence(other)) return false;
  const [required, missing] = [condition.path.steps, other.path.steps];
  return missing.every((step, at) => {
    const isWhole = !step.where.length && step.ofType === undefined && !step.skip;
    return required[at]?.name === step.name && (isWhole || JSON.stringify(required[at]) === JSON.stringify(step));
  });
}

const isPresence = (condition: ConditionSyntax): boolean => 'exists' in condition && !condition.not;

const isAbsence = (condition: ConditionSyntax): boolean => 'exists' in condition && condition.not;

const readLiteral = (condition: ConditionSyntax): string | boolean | undefined =>
  'is' in condition && 'value' in condition.is ? condition.is.value : undefined;

const joinStepNames = ({ path }: ConditionSyntax): string => path.steps.map(({ name }) => name).join('.');

/** Whether `other` has every condition of `step`. */
function isSubset(step: StepSyntax, other: StepSyntax): boolean {
  const conditions = other.where.map((condition) => JSON.stringify(condition));
  return step.where.every((condition) => conditions.includes(JSON.stringify(condition)));
}

/** Whether two maps over one element have different key prefixes. */
function areSeparateMaps({ owns: one }: PathWriter, { owns: other }: PathWriter): boolean {
  return one?.key !== undefined && one.key === other?.key && !one.prefix.startsWith(other.prefix) && !other.prefix.startsWith(one.prefix);
}

/** Whether the other selects a member whose key does not have the prefix of the map. */
function ownsOnlyOthers({ owns }: PathWriter, { where }: StepSyntax): boolean {
  if (!owns) return false;
  return where.some((condition) => {
    if (!('is' in condition) || !('value' in condition.is)) return false;
    const [step, ...more] = condition.path.steps;
    return step!.name === owns.key && more.length === 0 && !String(condition.is.value).startsWith(owns.prefix);
  });
}
