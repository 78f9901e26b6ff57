// The bodies that an example says are refused: one that it spells out, or many that differ from an admitted one in one place each.
import type { Example } from '../example.ts';

/** A body that is refused, and the field that the refusal names. */
interface Refusal {
  body: unknown;
  field: string | null | undefined;
}

export function refusalsOf(example: Example): Refusal[] {
  const { base, without = [], refuseEach = {}, field } = example;
  if (!base) return 'refuse' in example ? [{ body: example.refuse, field }] : [];
  return [
    ...without.map((name) => ({ body: changed(base, stepsOf(name), undefined), field: name })),
    ...Object.entries(refuseEach).flatMap(([name, values]) =>
      values.map((value) => ({ body: changed(base, stepsOf(name), value), field: name })),
    ),
  ];
}

/** `contact[0].email` → contact, 0, email. */
const stepsOf = (name: string): string[] => name.replaceAll(/\[(\d+)\]/g, '.$1').split('.');

/** The body with another value at a place; undefined: without it. */
function changed(body: unknown, [step, ...rest]: string[], value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(body)) return body.with(Number(step), changed(body[Number(step)], rest, value));
  const { [step]: now, ...others } = body as Record<string, unknown>;
  const next = changed(now, rest, value);
  return next === undefined ? others : { ...(body as object), [step]: next };
}
