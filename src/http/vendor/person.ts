// The person that a key stands for, where something is made: whose it is, and what that person's own item says of it.
// docs/decisions/0013-api-keys-and-scopes.md
import { notFound } from '../../fhir/outcome.ts';
import { readModifyWrite } from '../../interactions/read-modify-write.ts';
import type { View } from '../../mapping/shape.ts';
import type { Row } from '../../store/resources/row.ts';
import { buildView, envOf, NO_PERSON, readPersonRow, type VendorCall } from './vendor-call.ts';

/** What a lens knows of the person: the id as the surface shows it (`%me`) and as FHIR has it (`%patient`), beside what other aliases stand for. 404: deleted meanwhile. */
export async function withMe(
  { shape, context }: VendorCall,
  resolved: Map<string, string>,
): Promise<{ me?: string; patient?: string; resolved: Map<string, string> }> {
  if (!shape.aboutMe) return { resolved };
  const row = await readPersonRow(context);
  if (!row) throw notFound(NO_PERSON);
  const me = shape.surface.showId('Patient', row.id, envOf(context));
  return { me, patient: row.id, resolved: new Map([...resolved, [shape.surface.readId('Patient', me)!, row.id]]) };
}

/** Writes the id of what was made into the field of the person's own item that takes it (`tells:`), in the same transaction. */
export async function tellPerson(call: VendorCall, row: Row): Promise<void> {
  const { shape, context } = call;
  if (!shape.tells) return;
  const own = call.beside(shape.tells.shape);
  const said: View = { [shape.tells.field]: (await buildView(call, row))[shape.idName] };
  const env = envOf(context, { now: context.clock().toISOString() });
  const id = context.caller.patient!;
  if (
    !(await readModifyWrite(context, { type: 'Patient', id, edit: (now) => own.write(said, now, env, { server: true }), method: 'PATCH' }))
  )
    throw notFound(NO_PERSON);
}
