// Builds the writing entries of a transaction for src/interactions/transaction.ts.

import type { Permission } from '../../fhir/access-scope.ts';
import type { BundleEntry } from '../../fhir/bundle.ts';
import type { InteractionName } from '../../fhir/interactions.ts';
import { notSupported } from '../../fhir/outcome.ts';
import type { ServedType } from '../../fhir/types.ts';
import type { TransactionEntry } from '../../interactions/transaction-entry.ts';
import { parseEntryPatch, toDraft } from './body.ts';
import { readCriteria } from './conditional-update-delete.ts';
import type { FhirCall } from './fhir-call.ts';
import { findRoute, toPathNames } from './path.ts';
import { parseIfMatch, parseIfNoneMatch } from './preconditions.ts';
import { checkNewId, checkWriteParameters, parseIfNoneExist } from './write.ts';

interface EntryInput {
  call: FhirCall;
  entry: BundleEntry;
  type: ServedType;
  id: string;
}

/** Interaction that writes → builder of its transaction entry. All other interactions read. */
const ENTRY_BUILDERS: Partial<Record<InteractionName, (entry: EntryInput) => Omit<TransactionEntry, 'index' | 'type' | 'fullUrl'>>> = {
  create: ({ call, entry, type }) => {
    const criteria = call.header('if-none-exist');
    return {
      method: 'POST',
      draft: toDraft(entry.resource, type),
      ...(criteria !== undefined && { criteria: parseIfNoneExist(criteria) }),
    };
  },
  update: ({ call, entry, type, id }) => ({
    method: 'PUT',
    id: checkNewId({ id, type }),
    draft: toDraft(entry.resource, type),
    ...parseIfMatch(call),
    ...parseIfNoneMatch(call),
  }),
  conditionalUpdate: ({ call, entry, type }) => ({
    method: 'PUT',
    criteria: readCriteria(call),
    draft: toDraft(entry.resource, type),
    ...parseIfMatch(call),
  }),
  patch: ({ call, entry, id }) => ({ method: 'PATCH', id, patch: parseEntryPatch(entry.resource), ...parseIfMatch(call) }),
  conditionalPatch: ({ call, entry }) => ({
    method: 'PATCH',
    criteria: readCriteria(call),
    patch: parseEntryPatch(entry.resource),
    ...parseIfMatch(call),
  }),
  conditionalDelete: ({ call }) => ({ method: 'DELETE', criteria: readCriteria(call), ...parseIfMatch(call) }),
  delete: ({ call, id }) => ({ method: 'DELETE', id, ...parseIfMatch(call) }),
};

/** The write of an entry. Undefined: the entry reads. `may` refuses (403) a write without the permission. */
export function toTransactionEntry(
  call: FhirCall,
  entry: BundleEntry,
  may: (type: string, permission: Permission) => void,
): TransactionEntry | undefined {
  const route = findRoute(entry.method, entry.path);
  const { name, definition } = route;
  const { type, id } = toPathNames(route);
  if (definition.operation?.affectsState)
    throw notSupported(
      `$${definition.operation.name} changes resources, which a transaction does only by its entries: send it in a batch, or by itself`,
      `Bundle.entry[${entry.index}].request.url`,
    );
  const build = ENTRY_BUILDERS[name];
  if (!build) return undefined;
  if (definition.permission) may(type, definition.permission);
  checkWriteParameters(name, call.query);
  const { index, fullUrl } = entry;
  return { index, type, ...build({ call, entry, type, id }), ...(fullUrl !== undefined && { fullUrl }) };
}
