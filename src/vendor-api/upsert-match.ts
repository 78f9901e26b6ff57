// Finds the stored resource that a create updates (`into:`). Concurrent and repeated requests find the same one. If items are elements (`row:`), several resources
// may match. Then a resource with the item is preferred, then one with other items, then the oldest. docs/decisions/0022-physician-registrations.md
import { multipleMatches } from '../fhir/outcome.ts';
import type { View } from '../mapping/shape.ts';
import { MAX_LIST_ITEMS } from '../mapping/shape.ts';
import type { ResourceRow } from '../store/resources/resource-row.ts';
import { findRows, parseStored } from './stored-rows.ts';
import type { VendorRequest } from './vendor-request.ts';
import { buildView } from './views.ts';

/** Locks the match until the end of the transaction. Undefined: no resource matches. 409 if several match and items are whole resources. */
export async function findUpsertMatch(request: VendorRequest, view: View, criteria: string): Promise<ResourceRow | undefined> {
  const { shape, context } = request;
  const { store, caller } = context;
  await store.lockKeys(caller.tenant, [criteria]);
  for (;;) {
    const found = await findRows(context, criteria, { count: shape.rows ? MAX_LIST_ITEMS : 2 });
    if (found.next || (found.rows.length > 1 && !shape.rows)) throw buildAmbiguousMatchError();
    const chosen = found.rows.length > 1 ? await selectBestMatch(request, view, found.rows) : found.rows[0];
    if (!chosen) return undefined;
    const [locked] = await store.readForUpdate(caller.tenant, [chosen]);
    // a concurrent write may have removed the identifier: search again, with this row locked
    if (locked!.version === chosen.version) return locked;
  }
}

const buildAmbiguousMatchError = (): Error => multipleMatches('more than one stored resource has the identifier of this request');

/** The match with the highest rank, of several the oldest. */
async function selectBestMatch(request: VendorRequest, view: View, rows: ResourceRow[]): Promise<ResourceRow> {
  const ranked = await Promise.all(rows.map(async (row) => ({ row, rank: await rankMatch(request, view, row) })));
  const [first] = ranked.sort((a, b) => b.rank - a.rank || compareText(a.row.created, b.row.created) || compareText(a.row.id, b.row.id));
  return first!.row;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** 3: the resource has the item with an id. 2: it has the item without an id. 1: it has other items. 0: it has no items. */
async function rankMatch(request: VendorRequest, view: View, row: ResourceRow): Promise<number> {
  const { rows, idName } = request.shape;
  const keys = rows!.readKeys(parseStored(row));
  const key = rows!.readKey(view);
  if (!keys.includes(key)) return keys.length ? 1 : 0;
  return (await buildView(request, row, { bindings: { [rows!.name]: key } }))[idName] === null ? 2 : 3;
}
