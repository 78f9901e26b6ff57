// Finds the tests that a request orders: by codes of the lab network, or by the tenant's catalogue (ActivityDefinition). Combinations of tests that the lab network
// would refuse or misunderstand are refused with the name of the element. https://docs.junction.com/lab/workflow/ordering

import type { ActivityDefinition } from '@medplum/fhirtypes';
import { validate as isUuid } from 'uuid';
import { toList } from '../../fhir/json-values.ts';
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Systems } from '../systems.ts';
import { type CatalogueSearch, MAX_ENTRIES } from './catalogue-search.ts';
import { type Coding, listCodings } from './codings.ts';
import { combineResults, invalid, listIssues, type ValidationResult } from './validation-result.ts';

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
const isOrderableCoding = ({ system = '' }: Coding, { system: panels, labTests, laboratories }: TestTable): boolean =>
  system === panels || system === labTests || system.startsWith(laboratories);

const uniqueAddOns = (all: OrderedTests['addOn']): OrderedTests['addOn'] => [
  ...new Map(all.map((test) => [`${test.laboratory}/${test.code}`, test])).values(),
];

/** Finds the codings of a concept that would be ignored or that contradict another coding. */
function checkConcept(concept: unknown, table: TestTable, path: string): Issue[] {
  const tests = findTests(concept, table);
  if (!tests) return [];
  let areOrdered = true;
  for (const { system, code } of listCodings(concept)) {
    if (!code) continue;
    if (system === table.labTests && !isUuid(code)) return listIssues(invalid('the id of a lab test must be a UUID', path));
    if (system === table.labTests && !tests.labTests.includes(code)) areOrdered = false;
    if (system === table.system && !Object.hasOwn(table.panels, code)) areOrdered = false;
  }
  if (areOrdered) return [];
  return listIssues(invalid('the codings name different tests, or a panel that cannot be ordered: leave only one of them', path));
}

/** One meaning, several (each described for an error text), or undefined: no test. */
export type TestResolution = { tests: OrderedTests } | { several: string[] } | undefined;

/**
 * The tests of a concept: by panels and the lab network's ids, otherwise by the tenant's catalogue, which maps LOINC and laboratories' own codes to tests. All its
 * codings have one meaning, so a coding of a panel or a test decides. A code with several tests is ambiguous, and orders none.
 */
export async function resolveTests(catalogue: CatalogueSearch, concept: unknown, table: TestTable): Promise<TestResolution> {
  const named = findTests(concept, table);
  const { entries, more } = await catalogue(listCatalogueCodings(concept, table));
  const described = entries.flatMap((entry) => describeEntry(entry, table));
  const meanings = [...new Map(described.map((entry) => [JSON.stringify(entry.tests), entry])).values()];
  if (more || meanings.length > 1) return { several: [...meanings.map(({ words }) => words).sort(), ...(more ? [MORE_ENTRIES] : [])] };
  const tests = meanings[0]?.tests ?? named;
  return tests && { tests };
}

/** The codings of a concept that are looked up in the catalogue. None if its other codings decide. */
function listCatalogueCodings(concept: unknown, table: TestTable): Coding[] {
  const named = findTests(concept, table);
  if (named?.labTests.length) return [];
  const codings = listCodings(concept);
  // a panel that is not configured is an error, whatever the other codings are
  if (!named && codings.some(({ system }) => system === table.system)) return [];
  // the catalogue has a laboratory's own code if it belongs to a lab test; such a code is more specific than LOINC
  return named ? codings.filter((coding) => isOrderableCoding(coding, table)) : codings;
}

/** The codings of a request, and of its details, that are looked up in the catalogue. */
export const listRequestCodings = ({ code, orderDetail }: Resource, table: TestTable): Coding[] =>
  [code, ...toList(orderDetail)].flatMap((concept) => listCatalogueCodings(concept, table));

/** The error text for a code with these meanings. */
export const describeAmbiguousCode = (meanings: string[]): string =>
  `the code has several tests in the catalogue: add a coding of the intended test; the tests are ${meanings.join('; ')}`;

interface DescribedEntry {
  tests: OrderedTests;
  /** Describes the entry for an error text. */
  words: string;
}

const MORE_ENTRIES = `more than ${MAX_ENTRIES} active entries (ActivityDefinition), and the others were not read`;

/** No entry is returned if its codings name different tests, or a panel that is not configured. */
function describeEntry({ id, title, code }: ActivityDefinition, table: TestTable): DescribedEntry[] {
  const tests = findTests(code, table);
  if (!tests || checkConcept(code, table, '').length) return [];
  const names = listCodings(code).flatMap((coding) => (isOrderableCoding(coding, table) ? `${coding.system}|${coding.code}` : []));
  return [{ tests, words: `${title === undefined ? '' : `${title}: `}${names.join(', ')} (ActivityDefinition/${id})` }];
}

/** `code`: the tests of the request's code. `method`: the collection method of the request. */
export async function readOrderedTests(
  catalogue: CatalogueSearch,
  request: Resource,
  {
    code,
    table,
    method,
    systems,
  }: { code: OrderedTests; table: TestTable; method: ValidationResult<string | undefined>; systems: Systems },
): Promise<ValidationResult<OrderedTests>> {
  const details = await Promise.all(
    toList(request.orderDetail).map((detail, at) => readOrderDetail(catalogue, detail, table, `ServiceRequest.orderDetail[${at}]`)),
  );
  const result = combineResults([{ value: [code] }, ...details]);
  const issues = [...checkConcept(request.code, table, 'ServiceRequest.code'), ...listIssues(result)];
  const all = 'value' in result ? result.value : [code];
  const tests = { labTests: [...new Set(all.flatMap(({ labTests }) => labTests))], addOn: uniqueAddOns(all.flatMap(({ addOn }) => addOn)) };
  const laboratories = new Set(tests.addOn.map(({ laboratory }) => laboratory));
  if (laboratories.size > 1) issues.push(...invalid('an order can have codes of only one laboratory', 'ServiceRequest.code').issues);
  if (laboratories.size && 'value' in method && method.value === undefined)
    issues.push(
      ...invalid(
        `an order by a laboratory's own codes needs a collection method (extension ${systems.collectionMethod})`,
        'ServiceRequest.extension',
      ).issues,
    );
  return issues.length ? { issues } : { value: tests };
}

async function readOrderDetail(
  catalogue: CatalogueSearch,
  detail: unknown,
  table: TestTable,
  path: string,
): Promise<ValidationResult<OrderedTests[]>> {
  const meaning = await resolveTests(catalogue, detail, table);
  if (!meaning) return invalid('orderDetail must be a test that can be ordered: leave other details out, and write them in a note', path);
  if ('several' in meaning) return invalid(describeAmbiguousCode(meaning.several), path);
  const broken = checkConcept(detail, table, path);
  return broken.length ? { issues: broken } : { value: [meaning.tests] };
}
