// The Task of a laboratory request that is stored and not ordered: `rejected`, with the reason. A request has one such Task, however often it is written; it
// becomes the Task of the order when the request is corrected. https://hl7.org/fhir/R4/task.html#statemachine

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

/** The namespace of these Tasks' ids, minted once for this project. */
const TASK_ID_NAMESPACE = '3c1a6e0d-6f0b-4a51-9a3f-7be2f1c8d904';

/** Computed, so that two writers make one Task. An earlier order under the id of this request has a Task of its own. */
async function buildTaskId({ store, caller }: Context, request: string): Promise<string> {
  const former = await findOrderEntry(store, caller.tenant, request);
  return v5([caller.tenant, toSubject(request), former?.key ?? ''].join('/'), TASK_ID_NAMESPACE);
}

/** The Task of a rejection; undefined: there is none, or a user has changed its status. */
export async function findRejectedTask(context: Context, request: string): Promise<ResourceRow | undefined> {
  const row = await context.store.read(context.caller.tenant, 'Task', await buildTaskId(context, request));
  return parseStored('Task', row)?.status === 'rejected' ? row : undefined;
}

/** Stores the rejection, or its new reason and patient. A Task that a user has changed or deleted stays so. `task`: as for an order. */
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

/** The Task of an order: that of its rejection, where it was rejected before. Answers its id. */
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
