// The person that a key stands for, where something is made: whose it is, and what that person's own item says of it.
// docs/decisions/0013-api-keys-and-scopes.md
import { notFound } from '../../fhir/outcome.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import type { View } from '../../mapping/shape.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import { buildEnv, buildView, PATIENT_GONE, readPatientRow, type VendorRequest } from './vendor-call.ts';

/** What a lens knows of the person: the id as the surface shows it (`%me`) and as FHIR has it (`%patient`), beside what other aliases stand for. 404: deleted meanwhile. */
export async function resolvePatient(
  { shape, context }: VendorRequest,
  resolved: Map<string, string>,
): Promise<{ me?: string; patient?: string; resolved: Map<string, string> }> {
  if (!shape.isPersonal) return { resolved };
  const row = await readPatientRow(context);
  if (!row) throw notFound(PATIENT_GONE);
  const me = shape.surface.encodeId('Patient', row.id, buildEnv(context));
  return { me, patient: row.id, resolved: new Map([...resolved, [shape.surface.decodeId('Patient', me)!, row.id]]) };
}

/** Writes the id of what was made into the field of the person's own item that takes it (`tells:`), in the same transaction. */
export async function linkToPatient(call: VendorRequest, row: ResourceRow): Promise<void> {
  const { shape, context } = call;
  if (!shape.linkBack) return;
  const own = call.findShape(shape.linkBack.shape);
  const said: View = { [shape.linkBack.field]: (await buildView(call, row))[shape.idName] };
  const env = buildEnv(context, { now: context.clock().toISOString() });
  const id = context.caller.patient!;
  if (
    !(await readModifyWrite(context, { type: 'Patient', id, edit: (now) => own.write(said, now, env, { server: true }), method: 'PATCH' }))
  )
    throw notFound(PATIENT_GONE);
}
