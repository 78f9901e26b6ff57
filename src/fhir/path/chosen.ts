// What a step asks for beside what its text says, where it chooses among elements that may be over: current elements, the preferred one first (current.ts).
// It is a rule of the mapping language: who asks for a person's name, and not for one of a certain use, asks for the one that is meant.
import { isInForce, isOld, mayBeOver, type Preference, preferenceOf } from '../current.ts';
import type { Condition } from './path-step.ts';
import type { StepSyntax } from './path-syntax.ts';

/** The step with this rule, where it chooses among elements of such a type. A condition on `use` or `period` takes the place of its part of the rule. */
export function withChoice(step: StepSyntax, type: string, stated: Preference): StepSyntax {
  const chooses = step.index !== undefined || step.where.length > 0;
  if (!chooses || !mayBeOver(type)) return step;
  const asks = (name: string): boolean => step.where.some(({ path }) => path.steps[0]?.name === name);
  const asksForOld = step.where.some(
    (one) => one.path.steps[0]?.name === 'use' && 'is' in one && 'value' in one.is && one.is.value === 'old',
  );
  return { ...step, current: { old: asks('use'), ended: asks('period') || asksForOld, ...(stated[type] && { uses: stated[type] }) } };
}

/** The step with all that is current, as it stands: for lists, whose members are in the order in which they were written. */
export const asTheyStand = (step: StepSyntax): StepSyntax => (step.current ? { ...step, current: { ...step.current, all: true } } : step);

/** The condition that a step of this rule adds; a new element meets it. Without `%now` periods are not asked. */
export const currentCondition = ({ current }: StepSyntax): Condition[] =>
  current
    ? [
        {
          test: (item, { now }) => (current.old || !isOld(item)) && (current.ended || typeof now !== 'string' || isInForce(item, now)),
          make: (item) => item,
          absent: true,
        },
      ]
    : [];

/** How the members that a step finds are ordered; undefined: as they stand. */
export const orderOf = ({ current }: StepSyntax, type: string): ReturnType<typeof preferenceOf> =>
  current && !current.all ? preferenceOf(type, { ...(current.uses && { [type]: current.uses }) }) : undefined;
