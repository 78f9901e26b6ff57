// The Task of a laboratory request that is stored but not ordered: its status is `rejected`, with the reason. A request has one such Task, however often the
// request is written. When the request is corrected, the Task becomes that of the order. https://hl7.org/fhir/R4/task.html#statemachine

import { isDeepStrictEqual } from 'node:util';
import { v5 } from 'uuid';
import { parseStored } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { create } from '../../interactions/create.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import { buildLastModified, withTaskStatus } from './order-edits.ts';
import { findOrderEntry, toSubject } from './order-entry.ts';

/** The UUID namespace of the ids of these Tasks, generated for this project. */
const TASK_ID_NAMESPACE = '3c1a6e0d-6f0b-4a51-9a3f-7be2f1c8d904';

/** A derived id, so that two concurrent writes create one Task. It depends on an earlier order with the same request id, which has its own Task. */
async function buildTaskId({ store, caller }: Context, request: string): Promise<string> {
  const former = await findOrderEntry(store, caller.tenant, request);
  return v5([caller.tenant, toSubject(request), former?.key ?? ''].join('/'), TASK_ID_NAMESPACE);
}

/** The Task of a rejection; undefined: the request has no such Task, or a user has changed its status. */
export async function findRejectedTask(context: Context, request: string): Promise<ResourceRow | undefined> {
  const row = await context.store.read(context.caller.tenant, 'Task', await buildTaskId(context, request));
  return parseStored('Task', row)?.status === 'rejected' ? row : undefined;
}

/** Stores the rejection, or updates its reason and patient. A Task that a user has changed or deleted is not updated. `task`: the Task of an order. */
export async function storeRejection(context: Context, request: string, task: Resource, reason: string): Promise<void> {
  const id = await buildTaskId(context, request);
  const stands = await context.store.read(context.caller.tenant, 'Task', id);
  const rejected = withTaskStatus(task, 'rejected', reason);
  if (!stands) await create(context, { type: 'Task', id, draft: { resource: rejected, exact: rejected } });
  else if (await findRejectedTask(context, request))
    await readModifyWrite(context, { type: 'Task', id, edit: (current) => updateRejection(current, task, reason) });
}

function updateRejection(current: Resource, { for: patient, lastModified }: Resource, reason: string): Resource {
  const next = { ...withTaskStatus(current, 'rejected', reason), for: patient };
  return isDeepStrictEqual(next, current) ? current : { ...next, ...buildLastModified(current, String(lastModified)) };
}

/** Creates the Task of an order, or updates the Task of a former rejection. Returns its id. */
export async function createOrderTask(context: Context, request: string, task: Resource): Promise<string> {
  const rejected = await findRejectedTask(context, request);
  if (!rejected) return (await create(context, { type: 'Task', draft: { resource: task, exact: task } })).row.id;
  const { authoredOn: _now, lastModified, ...rest } = task;
  const edit = (current: Resource): Resource => ({
    ...withTaskStatus(current, 'requested'),
    ...rest,
    ...buildLastModified(current, String(lastModified)),
  });
  await readModifyWrite(context, { type: 'Task', id: rejected.id, edit });
  return rejected.id;
}
