// The stored resource that a create goes into (`into:`), the same one for whoever asks meanwhile or again. Where several would do and items are elements
// (`row:`), it is the one that has the item, else one that has others, else the oldest: docs/decisions/0022-physician-registrations.md.
import { multipleMatches } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { View } from '../../mapping/shape.ts';
import { MAX_LIST_ITEMS } from '../../mapping/shape.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import { buildView, find, type VendorRequest } from './vendor-call.ts';

/**
 * In a transaction: nobody else writes it before that ends. Undefined: there is none. `resolved`: alias → FHIR id. 409 where several would do and nothing
 * tells which.
 */
export async function findUpsertMatch(
  call: VendorRequest,
  view: View,
  resolved: ReadonlyMap<string, string>,
): Promise<ResourceRow | undefined> {
  const { shape, context } = call;
  const criteria = shape.buildTargetSearch(view, resolved);
  if (criteria === null) return undefined;
  const { store, caller } = context;
  await store.lockKeys(caller.tenant, [criteria]);
  for (;;) {
    const found = await find(context, criteria, { count: shape.rows ? MAX_LIST_ITEMS : 2 });
    if (found.next || (found.rows.length > 1 && !shape.rows)) throw buildAmbiguousMatchError();
    const chosen = found.rows.length > 1 ? await selectBestMatch(call, view, found.rows) : found.rows[0];
    if (!chosen) return undefined;
    const [held] = await store.readForUpdate(caller.tenant, [chosen]);
    // a write that came between may have taken the identifier away: looked for again, with that one held
    if (held!.version === chosen.version) return held;
  }
}

const buildAmbiguousMatchError = (): Error => multipleMatches('more than one stored resource carries the identifier of this request');

/** The one that is the item's already; of several alike the oldest. */
async function selectBestMatch(call: VendorRequest, view: View, rows: ResourceRow[]): Promise<ResourceRow> {
  const ranked = await Promise.all(rows.map(async (row) => ({ row, rank: await rankMatch(call, view, row) })));
  const [first] = ranked.sort((a, b) => b.rank - a.rank || compareText(a.row.created, b.row.created) || compareText(a.row.id, b.row.id));
  return first!.row;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** 3: it has the item, under an id that was answered; 2: the element the item would be; 1: other items; 0: none. */
async function rankMatch(call: VendorRequest, view: View, row: ResourceRow): Promise<number> {
  const { rows, idName } = call.shape;
  const keys = rows!.readKeys(JSON.parse(row.body!) as Resource);
  const key = rows!.readKey(view);
  if (!keys.includes(key)) return keys.length ? 1 : 0;
  return (await buildView(call, row, { [rows!.name]: key }))[idName] === null ? 2 : 3;
}
