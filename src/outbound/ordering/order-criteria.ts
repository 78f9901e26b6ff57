// Which ServiceRequests are sent to the laboratory network: active orders for a laboratory procedure whose code the panel table knows. All others are stored only.
// https://hl7.org/fhir/R4/servicerequest.html
import type { Resource } from '../../fhir/types.ts';

/** Code system of the panels, and panel code → the network's test ids: configuration of an environment. */
export interface PanelTable {
  system: string;
  panels: Record<string, string[]>;
}

interface Coding {
  system?: string;
  code?: string;
}

const SNOMED = 'http://snomed.info/sct';
const LABORATORY_PROCEDURE = '108252007';
const INTENTS = new Set(['order', 'original-order']);

/** The test ids to order, or undefined: this request is not one that is sent. */
export function testsToOrder(request: Resource, { system, panels }: PanelTable): string[] | undefined {
  if (!isOrder(request)) return undefined;
  const codes = codingsOf(request.code).filter((coding) => coding.system === system && Object.hasOwn(panels, coding.code ?? ''));
  return codes.length ? [...new Set(codes.flatMap(({ code }) => panels[code!]!))] : undefined;
}

const OVER = new Set(['revoked', 'entered-in-error', 'completed']);

/** Whether a request has come to its end: nothing more is to be done for it. https://hl7.org/fhir/R4/request.html#statemachine */
export const isOver = ({ status }: Resource): boolean => OVER.has(status as string);

/** An active order for a laboratory procedure. */
function isOrder({ status, intent, doNotPerform, category }: Resource): boolean {
  const laboratory = listOf(category)
    .flatMap(codingsOf)
    .some(({ system, code }) => system === SNOMED && code === LABORATORY_PROCEDURE);
  return status === 'active' && INTENTS.has(intent as string) && doNotPerform !== true && laboratory;
}

const codingsOf = (concept: unknown): Coding[] => listOf((concept as { coding?: unknown } | undefined)?.coding) as Coding[];

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
