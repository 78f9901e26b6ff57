// What a step asks for beside what its text says, where it chooses among elements that may be over: current elements, the preferred one first (current-elements.ts).
// It is a rule of the mapping language: who asks for a person's name, and not for one of a certain use, asks for the one that is meant.
import { buildPreferenceComparator, hasValidityPeriod, isInPeriod, isOld, type UsePreference } from '../current-elements.ts';
import type { StepSyntax } from './path-syntax.ts';
import type { Condition } from './step.ts';

/** The step with this rule, where it chooses among elements of such a type. A condition on `use` or `period` takes the place of its part of the rule. */
export function applyCurrentRule(step: StepSyntax, type: string, stated: UsePreference): StepSyntax {
  const chooses = step.index !== undefined || step.where.length > 0;
  if (!chooses || !hasValidityPeriod(type)) return step;
  const hasConditionOn = (name: string): boolean => step.where.some(({ path }) => path.steps[0]?.name === name);
  const asksForOld = step.where.some(
    (condition) => condition.path.steps[0]?.name === 'use' && 'is' in condition && 'value' in condition.is && condition.is.value === 'old',
  );
  return {
    ...step,
    current: {
      allowsOld: hasConditionOn('use'),
      allowsEnded: hasConditionOn('period') || asksForOld,
      ...(stated[type] && { uses: stated[type] }),
    },
  };
}

/** The step with all that is current, as it stands: for lists, whose members are in the order in which they were written. */
export const keepStoredOrder = (step: StepSyntax): StepSyntax =>
  step.current ? { ...step, current: { ...step.current, inStoredOrder: true } } : step;

/** The condition that a step of this rule adds; a new element meets it. Without `%now` periods are not asked. */
export const buildCurrentConditions = ({ current }: StepSyntax): Condition[] =>
  current
    ? [
        {
          test: (item, { now }) =>
            (current.allowsOld || !isOld(item)) && (current.allowsEnded || typeof now !== 'string' || isInPeriod(item, now)),
          make: (item) => item,
          absent: true,
        },
      ]
    : [];

/** The comparator that sorts the elements a step finds. Undefined: they keep their stored order. */
export const buildMemberOrder = ({ current }: StepSyntax, type: string): ReturnType<typeof buildPreferenceComparator> =>
  current && !current.inStoredOrder ? buildPreferenceComparator(type, { ...(current.uses && { [type]: current.uses }) }) : undefined;
