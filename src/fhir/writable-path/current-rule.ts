// The rule of the mapping language for steps that choose among names, contact points, addresses, identifiers or roles: only current elements, the preferred one
// first (current-elements.ts). A path that does not name a use selects the preferred element.
import { buildPreferenceComparator, hasValidityPeriod, isInPeriod, isOld, type UsePreference } from '../current-elements.ts';
import type { StepSyntax } from './path-syntax.ts';
import type { Condition } from './step.ts';

/** Adds the rule to a step that chooses among elements of such a type. A condition on `use` or `period` replaces that part of the rule. */
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

/** A step with all current elements in stored order, for list fields. */
export const keepStoredOrder = (step: StepSyntax): StepSyntax =>
  step.current ? { ...step, current: { ...step.current, inStoredOrder: true } } : step;

/** The condition that the rule adds to a step. A new element meets it. Without `%now`, periods are ignored. */
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
