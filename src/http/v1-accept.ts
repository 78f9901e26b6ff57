// What must be true of what a request to a vendor's door says before it is stored: its references lead somewhere, nobody is there twice, names become references.
import { duplicate, FhirError, issue, KINDS, type Kind } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { View } from '../projection/shape.ts';
import { find, rowOf, type V1Call, viewOf } from './v1-call.ts';

/**
 * References of a request that must lead to something, and the FHIR ids behind aliases among them. `whole`: the item as it will be, where the request says
 * only some of its fields.
 */
export async function resolved({ shape, context }: V1Call, said: View, whole: View = said): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { field, missing, of, accepts } of shape.exists) {
    for (const { at, type, id } of of(said)) {
      const row = await rowOf(context, type, id);
      if (!row || !accepts(JSON.parse(row.body!) as Resource, whole))
        throw new FhirError(missing, [issue(codeOf(missing), `${field}${at} leads to no ${type} that exists`, field + at)]);
      if (row.id !== id) ids.set(id, row.id);
    }
  }
  return ids;
}

const codeOf = (kind: Kind): string => KINDS[kind].code;

/** Refuses an item that is there already; `own`: the id of the resource that may say the same, being the one that is changed. */
export async function refuseDuplicate(call: V1Call, view: View, own?: string): Promise<void> {
  const { shape, context } = call;
  const rule = shape.duplicates(view);
  if (!rule) return;
  await context.store.lock(
    context.caller.tenant,
    rule.keys.map((key) => `${shape.resource}#${key}`),
  );
  for (const { search, same } of rule.candidates) {
    const { rows } = await find(context, search, { count: 100 });
    for (const row of rows) if (row.id !== own && same(await viewOf(call, row))) throw duplicate(shape.says.duplicate);
  }
}

/** Names that lead to exactly one resource become references to it. */
export async function linked({ shape, context }: V1Call, said: View, resource: Resource): Promise<Resource> {
  let made = resource;
  for (const { search, put } of shape.links) {
    const text = search(said);
    if (text === undefined) continue;
    const { rows } = await find(context, text, { count: 2 });
    if (rows.length === 1) made = put(made, `${rows[0]!.type}/${rows[0]!.id}`);
  }
  return made;
}
