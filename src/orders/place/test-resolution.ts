// Resolves a code to tests: by panels and the lab network's ids, otherwise by the tenant's catalogue, which maps LOINC and laboratories' own codes to tests.
// A code with several tests is ambiguous, and orders none. docs/lab-catalogue.md, https://hl7.org/fhir/R4/activitydefinition.html
import type { ActivityDefinition } from '@medplum/fhirtypes';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { findMatches } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import { asSystemActor } from '../system-actor.ts';
import { checkConcept, findTests, isOrderableCoding, listCodings, type OrderedTests, type TestTable } from './test-codes.ts';

/** One meaning, several (each described for an error text), or undefined: no test. */
export type TestResolution = { tests: OrderedTests } | { several: string[] } | undefined;

/** The maximum number of catalogue entries for one code. With more entries the code counts as ambiguous. */
const MAX_ENTRIES = 50;

/** The tests of a concept. All its codings have one meaning, so a coding of a panel or a test decides. */
export async function resolveTests(context: Context, concept: unknown, table: TestTable): Promise<TestResolution> {
  const named = findTests(concept, table);
  if (named?.labTests.length) return { tests: named };
  // a panel that is not configured is an error, whatever the other codings are
  if (!named && listCodings(concept).some(({ system }) => system === table.system)) return undefined;
  // the catalogue has a laboratory's own code if it belongs to a lab test; such a code is more specific than LOINC
  const asked = listCodings(concept).filter((coding) => !named || isOrderableCoding(coding, table));
  const { entries, more } = await findCatalogueEntries(context, asked, table);
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
  const rows = await findMatches(asSystemActor(context), 'ActivityDefinition', { criteria, count: MAX_ENTRIES + 1 });
  const today = context.clock().toISOString().slice(0, 10);
  const entries = rows
    .map(({ body }) => toTyped('ActivityDefinition', JSON.parse(body!)))
    .filter((entry) => isEntryInForce(entry, today))
    .flatMap((entry) => toCatalogueEntries(entry, table));
  return { entries, more: rows.length > MAX_ENTRIES };
}

/** https://hl7.org/fhir/R4/search.html#escaping */
const escapeSearchValue = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

/** For requests, not experimental, and within its effective period. The search has selected active entries. */
function isEntryInForce({ kind, experimental, doNotPerform, effectivePeriod }: ActivityDefinition, today: string): boolean {
  const { start = '', end } = effectivePeriod ?? {};
  const covers = start.slice(0, 10) <= today && !(end !== undefined && end.slice(0, 10) < today.slice(0, end.length));
  return (kind === undefined || kind === 'ServiceRequest') && experimental !== true && doNotPerform !== true && covers;
}

/** No entry is returned if its codings name different tests, or a panel that is not configured. */
function toCatalogueEntries({ id, title, code }: Resource, table: TestTable): CatalogueEntry[] {
  const tests = findTests(code, table);
  if (!tests || checkConcept(code, table, '').length) return [];
  const names = listCodings(code).flatMap((coding) => (isOrderableCoding(coding, table) ? `${coding.system}|${coding.code}` : []));
  return [{ tests, words: `${typeof title === 'string' ? `${title}: ` : ''}${names.join(', ')} (ActivityDefinition/${id})` }];
}
