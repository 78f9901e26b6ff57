// The writing entries of a transaction: from the request an entry stands for to what src/interactions/transaction.ts does.
import type { BundleEntry } from '../../fhir/bundle-request.ts';
import type { InteractionName } from '../../fhir/interactions.ts';
import type { Permission } from '../../fhir/scope.ts';
import type { ServedType } from '../../fhir/types.ts';
import type { TransactionEntry } from '../../interactions/transaction-entry.ts';
import { entryPatch, resourceOf } from './body.ts';
import { criteriaIn } from './conditional.ts';
import type { FhirCall } from './fhir-call.ts';
import { routeOf } from './path.ts';
import { ifMatchOf, onlyNew } from './preconditions.ts';
import { criteriaOf, newIdOf } from './write.ts';

interface Given {
  call: FhirCall;
  entry: BundleEntry;
  type: ServedType;
  id: string;
}

/** Writing interaction → what the transaction does. Whatever is not here reads. */
const WRITES: Partial<Record<InteractionName, (given: Given) => Omit<TransactionEntry, 'at' | 'type' | 'fullUrl'>>> = {
  create: ({ call, entry, type }) => {
    const criteria = call.header('if-none-exist');
    return { method: 'POST', draft: resourceOf(entry.resource, type), ...(criteria !== undefined && { criteria: criteriaOf(criteria) }) };
  },
  update: ({ call, entry, type, id }) => ({
    method: 'PUT',
    id: newIdOf({ id, type }),
    draft: resourceOf(entry.resource, type),
    ...ifMatchOf(call),
    ...onlyNew(call),
  }),
  conditionalUpdate: ({ call, entry, type }) => ({
    method: 'PUT',
    criteria: criteriaIn(call),
    draft: resourceOf(entry.resource, type),
    ...ifMatchOf(call),
  }),
  patch: ({ call, entry, id }) => ({ method: 'PATCH', id, patch: entryPatch(entry.resource), ...ifMatchOf(call) }),
  conditionalPatch: ({ call, entry }) => ({
    method: 'PATCH',
    criteria: criteriaIn(call),
    patch: entryPatch(entry.resource),
    ...ifMatchOf(call),
  }),
  conditionalDelete: ({ call }) => ({ method: 'DELETE', criteria: criteriaIn(call), ...ifMatchOf(call) }),
  delete: ({ call, id }) => ({ method: 'DELETE', id, ...ifMatchOf(call) }),
};

/** What an entry writes; undefined: it reads. `may` refuses (403) what the caller must not do. */
export function writeEntry(
  call: FhirCall,
  entry: BundleEntry,
  may: (type: string, permission: Permission) => void,
): TransactionEntry | undefined {
  const { name, facts, parameters } = routeOf(entry.method, entry.path);
  const make = WRITES[name];
  const type = parameters.type as ServedType;
  if (!make) return undefined;
  if (facts.permission) may(type, facts.permission);
  const { at, fullUrl } = entry;
  return { at, type, ...make({ call, entry, type, id: parameters.id ?? '' }), ...(fullUrl !== undefined && { fullUrl }) };
}
