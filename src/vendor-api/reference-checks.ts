// Checks before a write: the targets of references exist, and the item itself does not exist yet. Names that identify one resource become references.
import { duplicate, unresolvedReference } from '../fhir/outcome.ts';
import { parseSearchUrl } from '../fhir/search/request.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import { canSearch } from '../interactions/scope-filter.ts';
import type { View } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { findRows, parseStored, readRow } from './stored-rows.ts';
import type { VendorRequest } from './vendor-request.ts';
import { buildView } from './views.ts';

/** One item of a request. `toPlace`: the path of a field in the request, if it differs from the field's name. */
interface ReferenceCheck {
  /** The changed fields. */
  fields: View;
  /** The whole item with them. */
  whole: View;
  toPlace?(field: string): string;
}

/** Refuses references to missing resources. Returns the FHIR ids of aliases. Each target is read once. */
export async function resolveReferences({ shape, context }: VendorRequest, items: ReferenceCheck[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const found = new Map<string, ResourceRow | undefined>();
  const readTarget = async ({ type, id }: { type: ServedType; id: string }): Promise<ResourceRow | undefined> => {
    const target = `${type}/${id}`;
    if (!found.has(target)) found.set(target, await readRow(context, type, id));
    return found.get(target);
  };
  for (const { fields, whole, toPlace = (field: string) => field } of items) {
    for (const { missing, readReferences, readRelatedReferences, acceptsTarget } of shape.referenceRules) {
      const others: Record<string, Resource> = {};
      for (const { name, ...reference } of readRelatedReferences(whole)) {
        const row = await readTarget(reference);
        if (row) others[name] = parseStored(row);
      }
      for (const { at, ...reference } of readReferences(fields)) {
        const row = await readTarget(reference);
        if (!row || !acceptsTarget(parseStored(row), whole, others)) throw unresolvedReference(missing, reference.type, toPlace(at));
        if (row.id !== reference.id) ids.set(reference.id, row.id);
      }
    }
  }
  return ids;
}

/** Refuses (409) an item that exists already. `ownId`: the id of the resource that the request changes; it is not a duplicate of itself. */
export async function rejectDuplicate(request: VendorRequest, view: View, ownId?: string): Promise<void> {
  const { shape, context } = request;
  const rule = shape.buildDuplicateCheck(view);
  if (!rule) return;
  const keys = rule.lockKeys.map((key) => `${shape.resource}#${key}`);
  // a transaction has one connection: the searches are sent together with the lock, and run after it
  const locked = context.store.lockKeys(context.caller.tenant, keys);
  const [, ...pages] = await Promise.all([locked, ...rule.candidates.map(({ search }) => findRows(context, search, { count: 100 }))]);
  for (const [index, { isSame }] of rule.candidates.entries()) {
    for (const row of pages[index]!.rows)
      if (row.id !== ownId && isSame(await buildView(request, row))) throw duplicate(shape.messages.duplicate);
  }
}

/** Adds a reference for each name that identifies exactly one resource, if the caller may search its type. */
export async function linkReferences({ shape, context }: VendorRequest, fields: View, resource: Resource): Promise<Resource> {
  let linked = resource;
  for (const { buildSearch, putReference } of shape.links) {
    const text = buildSearch(fields);
    if (text === undefined || !canSearch(context.caller, parseSearchUrl(text).type)) continue;
    const { rows } = await findRows(context, text, { count: 2 });
    if (rows.length === 1) linked = putReference(linked, `${rows[0]!.type}/${rows[0]!.id}`);
  }
  return linked;
}
