// What the network has said of an order, kept when somebody writes the request or its Task from a copy that lacks it: its ids there, its word for where it
// stands, when it was completed; and what the laboratory was given. Nobody but the network takes these away. https://hl7.org/fhir/R4/http.html#update
import { parseExactJson } from '../../fhir/json.ts';
import type { Resource } from '../../fhir/types.ts';
import { OPERATOR, type WriteHook } from '../../interactions/context.ts';
import { toDraft } from '../../interactions/write.ts';
import { SYSTEM_ACTOR } from '../system-actor.ts';
import type { Systems } from '../systems.ts';

interface Identifier {
  system?: string;
  value?: string;
}

/** Who writes here what became of an order: what they say is not overruled by what was said before. */
const SERVER_ACTORS: ReadonlySet<string> = new Set([SYSTEM_ACTOR, OPERATOR]);

/** For writes of ServiceRequest and of Task. */
export function preserveExternalFields(systems: Systems): NonNullable<WriteHook['preserveServerElements']> {
  const ids = new Set([systems.order, systems.transaction, systems.sample]);
  const isGiven = ({ type }: Input): boolean => (type?.coding ?? []).some(({ system }) => system === systems.taskInput);
  const isOurs = ({ system }: Identifier): boolean => system !== undefined && ids.has(system);
  const words = [...ids, systems.taskInput];
  return ({ caller }, draft, { body }) => {
    if (SERVER_ACTORS.has(caller.actor) || !body || !words.some((system) => body.includes(system))) return draft;
    const former = parseExactJson(body) as Resource;
    const said = listIdentifiers(former).filter(isOurs);
    const given = listIdentifiers(draft.exact).filter((one) => !isOurs(one) || includesIdentifier(said, one));
    const results = draft.exact.output ?? former.output;
    const identifier = [...given, ...said.filter((one) => !includesIdentifier(given, one))];
    const input = [...listInputs(draft.exact).filter((one) => !isGiven(one)), ...listInputs(former).filter(isGiven)];
    const kept = replaceLists({ ...draft.exact, ...(results !== undefined && { output: results }) }, { identifier, input });
    return toDraft(draft.resource.status === former.status ? restoreExternalStatus(kept, former, systems) : kept);
  };
}

interface Input {
  type?: { coding?: Identifier[] };
}

const listInputs = ({ input }: Resource): Input[] => (input ?? []) as Input[];

/** Each element in its place; an empty list is none. */
function replaceLists(resource: Resource, lists: Record<string, unknown[]>): Resource {
  const all = Object.entries({ ...resource, ...lists }).filter(([name]) => lists[name]?.length !== 0);
  return Object.fromEntries(all) as Resource;
}

const listIdentifiers = ({ identifier }: Resource): Identifier[] => (identifier ?? []) as Identifier[];

const includesIdentifier = (all: Identifier[], { system, value }: Identifier): boolean =>
  all.some((one) => one.system === system && one.value === value);

interface ExternalStatusFields {
  _status?: object;
  businessStatus?: object;
  extension?: { url: string }[];
}

/** As long as it stands where it stood, it stands there in the network's words. */
function restoreExternalStatus(resource: Resource, former: Resource, { completedAt }: Systems): Resource {
  const { _status, businessStatus, extension = [] } = former as ExternalStatusFields;
  const own = ((resource as ExternalStatusFields).extension ?? []).filter(({ url }) => url !== completedAt);
  const all = [...own, ...extension.filter(({ url }) => url === completedAt)];
  const { extension: _extension, ...rest } = resource as Resource & ExternalStatusFields;
  return {
    ...rest,
    ...(_status && { _status }),
    ...(businessStatus && { businessStatus }),
    ...(all.length && { extension: all }),
  } as Resource;
}
