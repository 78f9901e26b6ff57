// Finds the tests that a request orders: by codes of the lab network, or by the tenant's catalogue (ActivityDefinition). Combinations of tests that the lab network
// would refuse or misunderstand are refused with the name of the element. https://docs.junction.com/lab/workflow/ordering

import type { ActivityDefinition } from '@medplum/fhirtypes';
import { validate as isUuid } from 'uuid';
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Issue } from '../../fhir/outcome.ts';
import { escapeSearchValue } from '../../fhir/search/search-value.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { findMatches } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import { asSystemActor } from '../system-actor.ts';
import type { Systems } from '../systems.ts';
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

export const listCodings = (concept: unknown): Coding[] => (isObject(concept) ? toList(concept.coding).filter(isCoding) : []);

function isCoding(value: unknown): value is Coding {
  if (!isObject(value)) return false;
  const { system = '', code = '' } = value;
  return typeof system === 'string' && typeof code === 'string';
}

/** One meaning, several (each described for an error text), or undefined: no test. */
export type TestResolution = { tests: OrderedTests } | { several: string[] } | undefined;

/** The maximum number of catalogue entries for one code. With more entries the code counts as ambiguous. */
const MAX_ENTRIES = 50;

/**
 * The tests of a concept: by panels and the lab network's ids, otherwise by the tenant's catalogue, which maps LOINC and laboratories' own codes to tests. All its
 * codings have one meaning, so a coding of a panel or a test decides. A code with several tests is ambiguous, and orders none.
 * docs/lab-catalogue.md, https://hl7.org/fhir/R4/activitydefinition.html
 */
export async function resolveTests(context: Context, concept: unknown, table: TestTable): Promise<TestResolution> {
  const named = findTests(concept, table);
  if (named?.labTests.length) return { tests: named };
  // a panel that is not configured is an error, whatever the other codings are
  if (!named && listCodings(concept).some(({ system }) => system === table.system)) return undefined;
  // the catalogue has a laboratory's own code if it belongs to a lab test; such a code is more specific than LOINC
  const codings = listCodings(concept).filter((coding) => !named || isOrderableCoding(coding, table));
  const { entries, more } = await findCatalogueEntries(context, codings, table);
  const meanings = [...new Map(entries.map((entry) => [JSON.stringify(entry.tests), entry])).values()];
  if (more || meanings.length > 1) return { several: [...meanings.map(({ words }) => words).sort(), ...(more ? [MORE_ENTRIES] : [])] };
  const tests = meanings[0]?.tests ?? named;
  return tests && { tests };
}

/** The error text for a code with these meanings. */
export const describeAmbiguousCode = (meanings: string[]): string =>
  `the code has several tests in the catalogue: add a coding of the intended test; the tests are ${meanings.join('; ')}`;

interface CatalogueEntry {
  tests: OrderedTests;
  /** Describes the entry for an error text. */
  words: string;
}

const MORE_ENTRIES = `more than ${MAX_ENTRIES} active entries (ActivityDefinition), and the others were not read`;

/** The entries in force that have one of these codings and name tests of the lab network. `more`: other entries were not read. */
async function findCatalogueEntries(
  context: Context,
  codings: { system?: string; code?: string }[],
  table: TestTable,
): Promise<{ entries: CatalogueEntry[]; more: boolean }> {
  const tokens = codings.flatMap(({ system, code }) => (system && code ? `${escapeSearchValue(system)}|${escapeSearchValue(code)}` : []));
  if (tokens.length === 0) return { entries: [], more: false };
  const criteria = new URLSearchParams({ code: tokens.join(','), status: 'active' }).toString();
  // the caller may have no scope to read the catalogue
  const rows = await findMatches(asSystemActor(context), 'ActivityDefinition', { criteria, count: MAX_ENTRIES + 1, firstIsRare: true });
  const now = context.clock().toISOString();
  const entries = rows
    .map(({ body }) => toTyped('ActivityDefinition', JSON.parse(body!)))
    .filter((entry) => isEntryInForce(entry, now))
    .flatMap((entry) => toCatalogueEntries(entry, table));
  return { entries, more: rows.length > MAX_ENTRIES };
}

/** For requests, not experimental, and within its effective period. The search has selected active entries. */
function isEntryInForce({ kind, experimental, doNotPerform, effectivePeriod }: ActivityDefinition, now: string): boolean {
  const { start = '', end } = effectivePeriod ?? {};
  const covers = start.slice(0, 10) <= now.slice(0, 10) && !(end !== undefined && hasEnded(end, now));
  return (kind === undefined || kind === 'ServiceRequest') && experimental !== true && doNotPerform !== true && covers;
}

const DATE_LENGTH = 'YYYY-MM-DD'.length;

/** A date is its whole day, month or year; an instant is exact. https://hl7.org/fhir/R4/datatypes.html#Period */
const hasEnded = (end: string, now: string): boolean =>
  end.length > DATE_LENGTH ? Date.parse(end) <= Date.parse(now) : end < now.slice(0, end.length);

/** No entry is returned if its codings name different tests, or a panel that is not configured. */
function toCatalogueEntries({ id, title, code }: Resource, table: TestTable): CatalogueEntry[] {
  const tests = findTests(code, table);
  if (!tests || checkConcept(code, table, '').length) return [];
  const names = listCodings(code).flatMap((coding) => (isOrderableCoding(coding, table) ? `${coding.system}|${coding.code}` : []));
  return [{ tests, words: `${typeof title === 'string' ? `${title}: ` : ''}${names.join(', ')} (ActivityDefinition/${id})` }];
}

/** `code`: the tests of the request's code. `method`: the collection method of the request. */
export async function readOrderedTests(
  context: Context,
  request: Resource,
  {
    code,
    table,
    method,
    systems,
  }: { code: OrderedTests; table: TestTable; method: ValidationResult<string | undefined>; systems: Systems },
): Promise<ValidationResult<OrderedTests>> {
  const details = await Promise.all(
    toList(request.orderDetail).map((detail, at) => readOrderDetail(context, detail, table, `ServiceRequest.orderDetail[${at}]`)),
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
  context: Context,
  detail: unknown,
  table: TestTable,
  path: string,
): Promise<ValidationResult<OrderedTests[]>> {
  const meaning = await resolveTests(context, detail, table);
  if (!meaning) return invalid('orderDetail must be a test that can be ordered: leave other details out, and write them in a note', path);
  if ('several' in meaning) return invalid(describeAmbiguousCode(meaning.several), path);
  const broken = checkConcept(detail, table, path);
  return broken.length ? { issues: broken } : { value: [meaning.tests] };
}
