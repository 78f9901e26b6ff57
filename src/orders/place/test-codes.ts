// Finds the tests of the lab network that a code orders. order-decision.ts decides whether a request is an order. https://hl7.org/fhir/R4/servicerequest.html
import { validate as isUuid } from 'uuid';
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Issue } from '../../fhir/outcome.ts';
import { invalid, listIssues } from './validation-result.ts';

/** The tests that can be ordered. `panels`: panel code (of `system`) → the lab network's test ids, from the configuration (JUNCTION_PANELS). */
export interface TestTable {
  system: string;
  panels: Record<string, string[]>;
  /** Code system of the lab network's test ids. */
  labTests: string;
  /** The beginning of the code systems of laboratories' own codes. The laboratory's short name follows it. */
  laboratories: string;
}

/** Ordered tests: ids of the lab network's tests, and laboratories' own codes. */
export interface OrderedTests {
  labTests: string[];
  addOn: { laboratory: string; code: string }[];
}

interface Coding {
  system?: string;
  code?: string;
}

/** All codings of a concept have one meaning, so one kind of coding decides: panels first, then test ids, then a laboratory's own codes. */
export function findTests(concept: unknown, { system, panels, labTests, laboratories }: TestTable): OrderedTests | undefined {
  const codings = listCodings(concept);
  const ofPanels = codings.flatMap((coding) =>
    coding.system === system && Object.hasOwn(panels, coding.code ?? '') ? panels[coding.code!]! : [],
  );
  if (ofPanels.length) return { labTests: [...new Set(ofPanels)], addOn: [] };
  const named = codings.flatMap((coding) => (coding.system === labTests && coding.code ? coding.code : []));
  if (named.length) return { labTests: [...new Set(named)], addOn: [] };
  const own = codings.flatMap(({ system: theirs = '', code }) =>
    theirs.startsWith(laboratories) && code ? { laboratory: theirs.slice(laboratories.length), code } : [],
  );
  return own.length ? { labTests: [], addOn: uniqueAddOns(own) } : undefined;
}

/** Whether tests can be ordered by codes of this system. */
export const isOrderableCoding = ({ system = '' }: Coding, { system: panels, labTests, laboratories }: TestTable): boolean =>
  system === panels || system === labTests || system.startsWith(laboratories);

export const uniqueAddOns = (all: OrderedTests['addOn']): OrderedTests['addOn'] => [
  ...new Map(all.map((one) => [`${one.laboratory}/${one.code}`, one])).values(),
];

/** Finds the codings of a concept that would be ignored or that contradict another coding. */
export function checkConcept(concept: unknown, table: TestTable, path: string): Issue[] {
  const tests = findTests(concept, table);
  if (!tests) return [];
  const codes = (system: string) => listCodings(concept).flatMap((one) => (one.system === system && one.code ? one.code : []));
  if (!codes(table.labTests).every(isUuid)) return listIssues(invalid('the id of a lab test must be a UUID', path));
  const known = codes(table.system).every((code) => Object.hasOwn(table.panels, code));
  const agree = codes(table.labTests).every((id) => tests.labTests.includes(id));
  if (known && agree) return [];
  return listIssues(invalid('the codings name different tests, or a panel that cannot be ordered: leave only one of them', path));
}

export const listCodings = (concept: unknown): Coding[] => (isObject(concept) ? toList(concept.coding).filter(isCoding) : []);

const isCoding = (value: unknown): value is Coding => isObject(value) && isText(value.system) && isText(value.code);
const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
