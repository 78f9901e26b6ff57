// Creates with a patient key: the lens gets the patient of the key, and the patient's own item gets the id of the created item.
// docs/decisions/0013-api-keys-and-scopes.md
import { notFound } from '../fhir/outcome.ts';
import { readModifyWrite } from '../interactions/read-modify-write.ts';
import type { Shape, View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { PATIENT_GONE, readPatientRow } from './stored-rows.ts';
import type { VendorRequest } from './vendor-request.ts';
import { buildEnv, buildView } from './views.ts';

/** The variables of the lens: `%me` is the patient's id on the surface, `%patient` the FHIR id. `resolved` gets this pair too. 404 if the patient was deleted. */
export async function resolvePatient(
  { shape, context }: VendorRequest,
  resolved: Map<string, string>,
): Promise<{ me: string; patient: string; resolved: Map<string, string> }> {
  const row = await readPatientRow(context);
  if (!row) throw notFound(PATIENT_GONE);
  const me = shape.surface.encodeId('Patient', row.id, buildEnv(context));
  return { me, patient: row.id, resolved: new Map([...resolved, [shape.surface.decodeId('Patient', me)!, row.id]]) };
}

/** Writes the id of the created item into a field of the patient's own item (`tells:`), in the same transaction. */
export async function linkToPatient(request: VendorRequest, row: ResourceRow, target: NonNullable<Shape['linkBack']>): Promise<void> {
  const { shape, context } = request;
  const patientShape = request.findShape(target.shape);
  const fields: View = { [target.field]: (await buildView(request, row))[shape.idName] };
  const env = buildEnv(context);
  const updated = await readModifyWrite(context, {
    type: 'Patient',
    id: context.caller.patient!,
    edit: (patient) => patientShape.write(fields, patient, env, { server: true }),
    method: 'PATCH',
  });
  if (!updated) throw notFound(PATIENT_GONE);
}
