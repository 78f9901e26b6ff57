// Restores server-managed elements that a client omitted from the request or its Task: the network's ids and status, the completion time, and the notes that
// the laboratory was given. https://hl7.org/fhir/R4/http.html#update

import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import { OPERATOR, type WriteHook } from '../../interactions/context.ts';
import { toDraft } from '../../interactions/write.ts';
import { SYSTEM_ACTOR } from '../system-actor.ts';
import type { Systems } from '../systems.ts';
import { parseExactResource } from './references.ts';
import { listCodings } from './test-codes.ts';

interface Identifier {
  system?: unknown;
  value?: unknown;
}

/** Their writes record what became of an order: nothing is restored in them. */
const SERVER_ACTORS: ReadonlySet<string> = new Set([SYSTEM_ACTOR, OPERATOR]);

/** For writes of ServiceRequest and of Task. */
export function preserveExternalFields(systems: Systems): NonNullable<WriteHook['preserveServerElements']> {
  const ids = new Set<unknown>([systems.order, systems.transaction, systems.sample]);
  const isGiven = ({ type }: Record<string, unknown>): boolean => listCodings(type).some(({ system }) => system === systems.taskInput);
  const isOurs = ({ system }: Identifier): boolean => ids.has(system);
  const words = [systems.order, systems.transaction, systems.sample, systems.taskInput];
  return ({ caller }, draft, { body }) => {
    if (SERVER_ACTORS.has(caller.actor) || !body || !words.some((system) => body.includes(system))) return draft;
    const former = parseExactResource(body);
    const said = listIdentifiers(former).filter(isOurs);
    const given = listIdentifiers(draft.exact).filter((one) => !isOurs(one) || includesIdentifier(said, one));
    const results = draft.exact.output ?? former.output;
    const identifier = [...given, ...said.filter((one) => !includesIdentifier(given, one))];
    const input = [...listInputs(draft.exact).filter((one) => !isGiven(one)), ...listInputs(former).filter(isGiven)];
    const kept = replaceLists({ ...draft.exact, ...(results !== undefined && { output: results }) }, { identifier, input });
    return toDraft(draft.resource.status === former.status ? restoreExternalStatus(kept, former, systems) : kept);
  };
}

const listInputs = ({ input }: Resource): Record<string, unknown>[] => toList(input).filter(isObject);

/** Each element in its place; an empty list is none. */
function replaceLists(resource: Resource, lists: Record<string, unknown[]>): Resource {
  const all = Object.entries({ ...resource, ...lists }).filter(([name]) => lists[name]?.length !== 0);
  return Object.fromEntries(all) as Resource;
}

const listIdentifiers = ({ identifier }: Resource): Identifier[] => toList(identifier).filter(isObject);

const includesIdentifier = (all: Identifier[], { system, value }: Identifier): boolean =>
  all.some((one) => one.system === system && one.value === value);

/** As long as the status is unchanged, the network's status stays with it. */
function restoreExternalStatus(resource: Resource, former: Resource, { completedAt }: Systems): Resource {
  const { _status, businessStatus } = former;
  const isCompletion = (one: Record<string, unknown>): boolean => one.url === completedAt;
  const own = toList(resource.extension)
    .filter(isObject)
    .filter((one) => !isCompletion(one));
  const all = [...own, ...toList(former.extension).filter(isObject).filter(isCompletion)];
  const { extension: _extension, ...rest } = resource;
  return {
    ...rest,
    ...(isObject(_status) && { _status }),
    ...(isObject(businessStatus) && { businessStatus }),
    ...(all.length && { extension: all }),
  };
}
