// Fills in what an outside step learns of an item long after it was answered (a physician whom the network lists by now), through the same lens and in the
// same fields as an answer at once would have.
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import type { Mappings, View } from '../../mapping/shape.ts';
import { buildEnv, find } from './vendor-call.ts';

/** An item of a shape whose items are elements: which step it waited for, its own id and the key of its row (`NY`). */
interface DeferredItem {
  port: string;
  id: string;
  key: string;
}

/**
 * In a transaction, joined when there is one. Only where the item still says what it said then (`said`); what others have written since stays.
 * `gone`: no such item stands here at the moment.
 */
export async function completeDeferred(
  context: Context,
  { shapes }: Mappings,
  { port, id, key }: DeferredItem,
  { said, fields }: { said: View; fields: View },
): Promise<'written' | 'changed' | 'gone'> {
  const shape = shapes.find((one) => one.externalStep === port && one.rows);
  if (!shape?.rows) return 'gone';
  const { resource: type, rows, idName } = shape;
  const [found] = (await find(context, rows.search(id), { count: 1 })).rows;
  if (!found) return 'gone';
  const env = buildEnv(context, { created: found.created, now: context.clock().toISOString(), [rows.name]: key });
  let result: 'written' | 'changed' | 'gone' = 'gone';
  await readModifyWrite(context, {
    type,
    id: found.id,
    edit(current: Resource) {
      const view = shape.read(current, env);
      const same = view[idName] === id && Object.entries(said).every(([name, value]) => view[name] === value);
      result = view[idName] !== id ? 'gone' : same ? 'written' : 'changed';
      return same ? shape.write(fields, current, env, { server: true }) : current;
    },
  });
  return result;
}
