// Which ServiceRequests are sent to the laboratory network: active orders for a laboratory procedure whose code the network's tests are known for. All others
// are stored only. Nothing is guessed from a code of another system: LOINC names results, and several tests have the same one.
// https://hl7.org/fhir/R4/servicerequest.html
import { listOf } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';

/** What can be ordered. `panels`: of `system`, panel code → the network's test ids, configuration of an environment. */
export interface TestTable {
  system: string;
  panels: Record<string, string[]>;
  /** Code system of the network's test ids. */
  labTests: string;
  /** Of the laboratories' own codes: a laboratory's short name follows. */
  laboratories: string;
}

/** What is ordered: the network's tests, and what a laboratory has under codes of its own. */
export interface Tests {
  labTests: string[];
  addOn: { laboratory: string; code: string }[];
}

interface Coding {
  system?: string;
  code?: string;
}

const SNOMED = 'http://snomed.info/sct';
const LABORATORY_PROCEDURE = '108252007';
const INTENTS = new Set(['order', 'original-order']);

/** The tests to order, those of its details too; or undefined: this request is not one that is sent. */
export function testsToOrder(request: Resource, table: TestTable): Tests | undefined {
  const asked = request.status === 'active' && isLaboratoryOrder(request) ? testsBehind(request.code, table) : undefined;
  if (!asked) return undefined;
  const all = [asked, ...listOf(request.orderDetail).flatMap((detail) => testsBehind(detail, table) ?? [])];
  return { labTests: [...new Set(all.flatMap(({ labTests }) => labTests))], addOn: unique(all.flatMap(({ addOn }) => addOn)) };
}

/** The codings of a concept say the same thing: those that are configured count first, then the network's ids, then a laboratory's codes. */
export function testsBehind(concept: unknown, { system, panels, labTests, laboratories }: TestTable): Tests | undefined {
  const codings = codingsOf(concept);
  const ofPanels = codings.flatMap((coding) =>
    coding.system === system && Object.hasOwn(panels, coding.code ?? '') ? panels[coding.code!]! : [],
  );
  if (ofPanels.length) return { labTests: [...new Set(ofPanels)], addOn: [] };
  const named = codings.flatMap((coding) => (coding.system === labTests && coding.code ? coding.code : []));
  if (named.length) return { labTests: [...new Set(named)], addOn: [] };
  const own = codings.flatMap(({ system: theirs = '', code }) =>
    theirs.startsWith(laboratories) && code ? { laboratory: theirs.slice(laboratories.length), code } : [],
  );
  return own.length ? { labTests: [], addOn: unique(own) } : undefined;
}

const unique = (all: Tests['addOn']): Tests['addOn'] => [...new Map(all.map((one) => [`${one.laboratory}/${one.code}`, one])).values()];

const OVER = new Set(['revoked', 'entered-in-error', 'completed']);

/** Whether a request has come to its end: nothing more is to be done for it. https://hl7.org/fhir/R4/request.html#statemachine */
export const isOver = ({ status }: Resource): boolean => OVER.has(status as string);

const TAKEN_BACK = new Set(['revoked', 'entered-in-error']);

/** Whether people, or the network, have called it off. */
export const isTakenBack = ({ status }: Resource): boolean => TAKEN_BACK.has(status as string);

/** An order for a laboratory procedure, wherever it stands and whatever it names. */
export function isLaboratoryOrder({ intent, doNotPerform, category }: Resource): boolean {
  const laboratory = listOf(category)
    .flatMap(codingsOf)
    .some(({ system, code }) => system === SNOMED && code === LABORATORY_PROCEDURE);
  return INTENTS.has(intent as string) && doNotPerform !== true && laboratory;
}

export const codingsOf = (concept: unknown): Coding[] => listOf((concept as { coding?: unknown } | undefined)?.coding) as Coding[];
