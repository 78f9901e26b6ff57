// Completes an item long after the response to its request, for example when the lab network lists a physician at last. It writes the same fields through the
// same lens as an external step that succeeds at once.
import type { Resource } from '../fhir/types.ts';
import type { Context } from '../interactions/context.ts';
import { readModifyWrite } from '../interactions/read-modify-write.ts';
import type { Mappings, View } from '../mapping/shape.ts';
import type { EXTERNAL_STEPS } from './external-step.ts';
import { findRows } from './stored-rows.ts';
import { buildEnv } from './views.ts';

/** An item that is an element: the external step that it waits for, its own id and the key of its element (`NY`). */
interface DeferredItem {
  step: (typeof EXTERNAL_STEPS)[number];
  id: string;
  key: string;
}

/**
 * Writes the fields if the item still shows `expected`, in the caller's transaction or a new one. Otherwise the result is `changed`, and nothing is written.
 * `gone`: the item does not exist.
 */
export async function completeDeferred(
  context: Context,
  { shapes }: Pick<Mappings, 'shapes'>,
  { step, id, key }: DeferredItem,
  { expected, fields }: { expected: View; fields: View },
): Promise<'written' | 'changed' | 'gone'> {
  const shape = shapes.find(({ externalStep, rows }) => externalStep === step && rows);
  if (!shape?.rows) return 'gone';
  const { resource: type, rows, idName } = shape;
  const [row] = (await findRows(context, rows.search(id), { count: 1 })).rows;
  if (!row) return 'gone';
  const env = buildEnv(context, { created: row.created, [rows.name]: key });
  let result: 'written' | 'changed' | 'gone' = 'gone';
  await readModifyWrite(context, {
    type,
    id: row.id,
    edit(current: Resource) {
      const view = shape.read(current, env);
      const isExpected = view[idName] === id && Object.entries(expected).every(([name, value]) => view[name] === value);
      result = view[idName] !== id ? 'gone' : isExpected ? 'written' : 'changed';
      return isExpected ? shape.write(fields, current, env, { server: true }) : current;
    },
  });
  return result;
}
