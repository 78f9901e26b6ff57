// Restores server-managed elements that a client omitted from the request or its Task: the lab network's ids and status, the completion time, and the notes that
// were sent to the laboratory. https://hl7.org/fhir/R4/http.html#update

import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import { OPERATOR, type WriteHook } from '../../interactions/context.ts';
import { toDraft } from '../../interactions/prepare-write.ts';
import { parseExactBody } from '../../store/resources/resource-row.ts';
import { SYSTEM_ACTOR } from '../system-actor.ts';
import type { Systems } from '../systems.ts';
import { listCodings } from './codings.ts';

interface Identifier {
  system?: unknown;
  value?: unknown;
}

/** The authors of writes that record the progress of an order. Nothing is restored in these writes. */
const SERVER_ACTORS: ReadonlySet<string> = new Set([SYSTEM_ACTOR, OPERATOR]);

/** For the write hooks of ServiceRequest and Task. */
export function preserveExternalFields(systems: Systems): NonNullable<WriteHook['preserveServerElements']> {
  const ids = new Set<unknown>([systems.order, systems.transaction, systems.sample]);
  const isGiven = ({ type }: Record<string, unknown>): boolean => listCodings(type).some(({ system }) => system === systems.taskInput);
  const isOurs = ({ system }: Identifier): boolean => ids.has(system);
  const systemUrls = [systems.order, systems.transaction, systems.sample, systems.taskInput];
  return ({ caller }, draft, { body }) => {
    if (SERVER_ACTORS.has(caller.actor) || !body || !systemUrls.some((system) => body.includes(system))) return draft;
    const previous = parseExactBody(body);
    const externalIdentifiers = listIdentifiers(previous).filter(isOurs);
    const clientIdentifiers = listIdentifiers(draft.exact).filter((item) => !isOurs(item) || includesIdentifier(externalIdentifiers, item));
    const results = draft.exact.output ?? previous.output;
    const identifier = [...clientIdentifiers, ...externalIdentifiers.filter((item) => !includesIdentifier(clientIdentifiers, item))];
    const input = [...listInputs(draft.exact).filter((item) => !isGiven(item)), ...listInputs(previous).filter(isGiven)];
    const preserved = replaceLists({ ...draft.exact, ...(results !== undefined && { output: results }) }, { identifier, input });
    return toDraft(draft.resource.status === previous.status ? restoreExternalStatus(preserved, previous, systems) : preserved);
  };
}

const listInputs = ({ input }: Resource): Record<string, unknown>[] => toList(input).filter(isObject);

/** Replaces elements and keeps the order of all elements. An empty list removes the element. */
function replaceLists(resource: Resource, lists: Record<string, unknown[]>): Resource {
  const all = Object.entries({ ...resource, ...lists }).filter(([name]) => lists[name]?.length !== 0);
  // type assertion: these are the elements of a Resource, with its resourceType
  return Object.fromEntries(all) as Resource;
}

const listIdentifiers = ({ identifier }: Resource): Identifier[] => toList(identifier).filter(isObject);

const includesIdentifier = (all: Identifier[], { system, value }: Identifier): boolean =>
  all.some((item) => item.system === system && item.value === value);

/** Restores the lab network's status and the completion time. Called only if the write does not change the FHIR status. */
function restoreExternalStatus(resource: Resource, previous: Resource, { completedAt }: Systems): Resource {
  const { _status, businessStatus } = previous;
  const isCompletion = (item: Record<string, unknown>): boolean => item.url === completedAt;
  const own = toList(resource.extension)
    .filter(isObject)
    .filter((item) => !isCompletion(item));
  const all = [...own, ...toList(previous.extension).filter(isObject).filter(isCompletion)];
  const { extension: _extension, ...rest } = resource;
  return {
    ...rest,
    ...(isObject(_status) && { _status }),
    ...(isObject(businessStatus) && { businessStatus }),
    ...(all.length && { extension: all }),
  };
}
