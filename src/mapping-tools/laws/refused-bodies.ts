// The refused bodies of an example: one body (`refuse:`), or many that differ from a valid body (`base:`) in one field each.

import { toRecord } from '../../fhir/json-values.ts';
import type { Example } from '../../mapping/load/examples.ts';

/** A refused body, and the field in its error. */
interface RefusedBody {
  body: unknown;
  field: string | null | undefined;
}

export function listRefusedBodies(example: Example): RefusedBody[] {
  const { base, without = [], refuseEach = {}, field } = example;
  if (!base) return 'refuse' in example ? [{ body: example.refuse, field }] : [];
  return [
    ...without.map((name) => ({ body: replaceAt(base, parseSteps(name), undefined), field: name })),
    ...Object.entries(refuseEach).flatMap(([name, values]) =>
      values.map((value) => ({ body: replaceAt(base, parseSteps(name), value), field: name })),
    ),
  ];
}

/** `contact[0].email` → contact, 0, email. */
const parseSteps = (name: string): string[] => name.replaceAll(/\[(\d+)\]/g, '.$1').split('.');

/** Replaces the value at a path of property names; undefined removes the property. */
function replaceAt(body: unknown, [step, ...rest]: string[], value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(body)) return body.with(Number(step), replaceAt(body[Number(step)], rest, value));
  const { [step]: now, ...others } = toRecord(body);
  const next = replaceAt(now, rest, value);
  return next === undefined ? others : { ...toRecord(body), [step]: next };
}
