// What must be true of what a request to a vendor's door says before it is stored: its references lead somewhere, nobody is there twice, names become references.
import { duplicate, unresolvedReference } from '../../fhir/outcome.ts';
import { parseSearchUrl } from '../../fhir/query-string.ts';
import type { Resource, ServedType } from '../../fhir/types.ts';
import { canSearch } from '../../interactions/scope-filter.ts';
import type { View } from '../../mapping/shape.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import { buildView, find, readRow, type VendorRequest } from './vendor-call.ts';

/**
 * References of a request that must lead to something, and the FHIR ids behind aliases among them. `whole`: the item as it will be, where the request says
 * only some of its fields.
 */
export const resolveReferences = (call: VendorRequest, said: View, whole: View = said): Promise<Map<string, string>> =>
  resolveAllReferences(call, [{ said, whole }]);

/** One item of a request, and where the request says a field of it, if not by its name. */
interface ReferenceCheck {
  said: View;
  whole: View;
  place?(field: string): string;
}

/** The same for many items of one request: what several of them refer to is looked up once. */
export async function resolveAllReferences({ shape, context }: VendorRequest, items: ReferenceCheck[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const found = new Map<string, ResourceRow | undefined>();
  const ledBy = async ({ type, id }: { type: ServedType; id: string }): Promise<ResourceRow | undefined> => {
    const target = `${type}/${id}`;
    if (!found.has(target)) found.set(target, await readRow(context, type, id));
    return found.get(target);
  };
  for (const { said, whole, place = toOwnName } of items) {
    for (const { field, missing, readReferences, readRelatedReferences, acceptsTarget } of shape.referenceRules) {
      const led: Record<string, Resource> = {};
      for (const { name, ...reference } of readRelatedReferences(whole)) {
        const row = await ledBy(reference);
        if (row) led[name] = parseBody(row);
      }
      for (const { at, ...reference } of readReferences(said)) {
        const row = await ledBy(reference);
        if (!row || !acceptsTarget(parseBody(row), whole, led)) throw unresolvedReference(missing, reference.type, place(field + at));
        if (row.id !== reference.id) ids.set(reference.id, row.id);
      }
    }
  }
  return ids;
}

const parseBody = ({ body }: ResourceRow): Resource => JSON.parse(body!) as Resource;

const toOwnName = (field: string): string => field;

/** Refuses an item that is there already; `own`: the id of the resource that may say the same, being the one that is changed. */
export async function rejectDuplicate(call: VendorRequest, view: View, own?: string): Promise<void> {
  const { shape, context } = call;
  const rule = shape.buildDuplicateCheck(view);
  if (!rule) return;
  const keys = rule.lockKeys.map((key) => `${shape.resource}#${key}`);
  // on the one connection of a transaction the searches are asked at once, and answered after the lock is held
  const locked = context.store.lockKeys(context.caller.tenant, keys);
  const [, ...pages] = await Promise.all([locked, ...rule.candidates.map(({ search }) => find(context, search, { count: 100 }))]);
  for (const [nth, { isSame }] of rule.candidates.entries()) {
    for (const row of pages[nth]!.rows) if (row.id !== own && isSame(await buildView(call, row))) throw duplicate(shape.messages.duplicate);
  }
}

/** Names that lead to exactly one resource become references to it, where the caller may search its type. */
export async function linkReferences({ shape, context }: VendorRequest, said: View, resource: Resource): Promise<Resource> {
  let made = resource;
  for (const { buildSearch, putReference } of shape.links) {
    const text = buildSearch(said);
    if (text === undefined || !canSearch(context.caller, parseSearchUrl(text).type)) continue;
    const { rows } = await find(context, text, { count: 2 });
    if (rows.length === 1) made = putReference(made, `${rows[0]!.type}/${rows[0]!.id}`);
  }
  return made;
}
