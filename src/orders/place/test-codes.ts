// Which of the network's tests a code orders. Whether a request is an order at all: order-decision.ts. https://hl7.org/fhir/R4/servicerequest.html
import { validate as isUuid } from 'uuid';
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Issue } from '../../fhir/outcome.ts';
import { invalid, listIssues } from './validation-result.ts';

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
export interface OrderedTests {
  labTests: string[];
  addOn: { laboratory: string; code: string }[];
}

interface Coding {
  system?: string;
  code?: string;
}

/** The codings of a concept say the same thing: those that are configured count first, then the network's ids, then a laboratory's codes. */
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

/** Whether a coding is one of those that tests are ordered by. */
export const isOrderableCoding = ({ system = '' }: Coding, { system: panels, labTests, laboratories }: TestTable): boolean =>
  system === panels || system === labTests || system.startsWith(laboratories);

export const uniqueAddOns = (all: OrderedTests['addOn']): OrderedTests['addOn'] => [
  ...new Map(all.map((one) => [`${one.laboratory}/${one.code}`, one])).values(),
];

/** What is wrong with one concept: part of it would be left out, or it says two things. */
export function checkConcept(concept: unknown, table: TestTable, path: string): Issue[] {
  const tests = findTests(concept, table);
  if (!tests) return [];
  const codes = (system: string) => listCodings(concept).flatMap((one) => (one.system === system && one.code ? one.code : []));
  if (!codes(table.labTests).every(isUuid)) return listIssues(invalid('the network names its tests by UUIDs', path));
  const known = codes(table.system).every((code) => Object.hasOwn(table.panels, code));
  const agree = codes(table.labTests).every((id) => tests.labTests.includes(id));
  if (known && agree) return [];
  return listIssues(invalid('its codings name different tests, or a panel that cannot be ordered: leave one of them', path));
}

export const listCodings = (concept: unknown): Coding[] => (isObject(concept) ? toList(concept.coding).filter(isCoding) : []);

const isCoding = (value: unknown): value is Coding => isObject(value) && isText(value.system) && isText(value.code);
const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
