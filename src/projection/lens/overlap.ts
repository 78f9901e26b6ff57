// Whether two paths may lead to the same place, so that writing one would change what the other wrote.
import type { Path, Step } from '../../fhir/path/path.ts';
import type { StepSyntax } from '../../fhir/path/path-syntax.ts';
import type { Field } from './field.ts';

interface Writer {
  path: Path;
  owns?: Field['owns'] | undefined;
}

/** Equal, or one above the other, or two ways to choose from one list that may choose the same member. */
export function isOverlap(a: Writer, b: Writer): boolean {
  const length = Math.min(a.path.steps.length, b.path.steps.length);
  for (let at = 0; at < length; at++) {
    const verdict = compared(a, b, at);
    if (verdict !== 'same') return verdict === 'overlap';
  }
  return true;
}

type Verdict = 'same' | 'apart' | 'overlap';

function compared(a: Writer, b: Writer, at: number): Verdict {
  const [one, other] = [a.path.steps[at]!, b.path.steps[at]!];
  if (one.key === other.key) return 'same';
  const [left, right] = [syntaxOf(one), syntaxOf(other)];
  if (left.name !== right.name) return 'apart';
  if (left.ofType !== right.ofType) return left.name === 'contained' ? 'apart' : 'overlap';
  if (one.open || other.open) return ownMembers(a, right) || ownMembers(b, left) ? 'apart' : 'overlap';
  if (left.index !== undefined && right.index !== undefined) return left.index === right.index ? 'overlap' : 'apart';
  if (left.index !== undefined || right.index !== undefined) return 'overlap';
  return isSubset(left, right) || isSubset(right, left) ? 'overlap' : 'apart';
}

const syntaxOf = (step: Step): StepSyntax => JSON.parse(step.key) as StepSyntax;

/** Every condition of the one is asked by the other too: what meets that one meets this one. */
function isSubset(one: StepSyntax, other: StepSyntax): boolean {
  const asked = other.where.map((condition) => JSON.stringify(condition));
  return one.where.every((condition) => asked.includes(JSON.stringify(condition)));
}

/** A map owns only members whose key begins with its prefix, and the other asks for a member whose key does not. */
function ownMembers({ owns }: Writer, { where }: StepSyntax): boolean {
  if (!owns) return false;
  return where.some((condition) => {
    if (!('is' in condition) || !('value' in condition.is)) return false;
    const [step, ...more] = condition.path.steps;
    return step!.name === owns.key && more.length === 0 && !String(condition.is.value).startsWith(owns.prefix);
  });
}
