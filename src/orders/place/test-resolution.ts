// Which tests a code means: the network's own names of them, else the tenant's catalogue, which says what a LOINC code or a laboratory's own code is ordered by.
// Nothing is guessed: a code that means several tests orders none. docs/lab-catalogue.md, https://hl7.org/fhir/R4/activitydefinition.html
import type { ActivityDefinition } from '@medplum/fhirtypes';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { findMatches } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import { asSystemActor } from '../system-actor.ts';
import { checkConcept, findTests, isOrderableCoding, listCodings, type OrderedTests, type TestTable } from './test-codes.ts';

/** One meaning, several (each in words), or none. */
export type TestResolution = { tests: OrderedTests } | { several: string[] } | undefined;

/** So many entries for one code are compared: where there are more, none of them is ordered by. */
const MAX_ENTRIES = 50;

/** What a concept orders. Its codings say the same thing, so that one which names a panel or a test decides. */
export async function resolveTests(context: Context, concept: unknown, table: TestTable): Promise<TestResolution> {
  const named = findTests(concept, table);
  if (named?.labTests.length) return { tests: named };
  // a panel that there is not is a mistake, whatever stands beside it
  if (!named && listCodings(concept).some(({ system }) => system === table.system)) return undefined;
  // a laboratory's own code is in the catalogue where it is part of a lab test; beside it, LOINC says less
  const asked = listCodings(concept).filter((coding) => !named || isOrderableCoding(coding, table));
  const { entries, more } = await findCatalogueEntries(context, asked, table);
  const meanings = [...new Map(entries.map((entry) => [JSON.stringify(entry.tests), entry])).values()];
  if (more || meanings.length > 1) return { several: [...meanings.map(({ words }) => words).sort(), ...(more ? [MORE_ENTRIES] : [])] };
  const tests = meanings[0]?.tests ?? named;
  return tests && { tests };
}

/** What is wrong with a code of these meanings, and what to do. */
export const describeAmbiguousCode = (meanings: string[]): string =>
  `the code means several tests in the catalogue: give it a coding of the one that is meant; there are ${meanings.join('; ')}`;

interface CatalogueEntry {
  tests: OrderedTests;
  /** The entry as a person finds it. */
  words: string;
}

const MORE_ENTRIES = `more than ${MAX_ENTRIES} active entries (ActivityDefinition), of which the others are not compared`;

/** The entries that are in force for ordering and name tests of the network, by any of these codings. `more`: there are others, which were not read. */
async function findCatalogueEntries(
  context: Context,
  codings: { system?: string; code?: string }[],
  table: TestTable,
): Promise<{ entries: CatalogueEntry[]; more: boolean }> {
  const tokens = codings.flatMap(({ system, code }) => (system && code ? `${escapeSearchValue(system)}|${escapeSearchValue(code)}` : []));
  if (tokens.length === 0) return { entries: [], more: false };
  const criteria = new URLSearchParams({ code: tokens.join(','), status: 'active' }).toString();
  // whoever orders need not be allowed to read the catalogue
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

/** Active (which the search has asked for), for requests, meant for use, and within its time. */
function isEntryInForce({ kind, experimental, doNotPerform, effectivePeriod }: ActivityDefinition, today: string): boolean {
  const { start = '', end } = effectivePeriod ?? {};
  const covers = start.slice(0, 10) <= today && !(end !== undefined && end.slice(0, 10) < today.slice(0, end.length));
  return (kind === undefined || kind === 'ServiceRequest') && experimental !== true && doNotPerform !== true && covers;
}

/** An entry whose codings name different tests, or a panel that there is not, is none to order by. */
function toCatalogueEntries({ id, title, code }: Resource, table: TestTable): CatalogueEntry[] {
  const tests = findTests(code, table);
  if (!tests || checkConcept(code, table, '').length) return [];
  const names = listCodings(code).flatMap((coding) => (isOrderableCoding(coding, table) ? `${coding.system}|${coding.code}` : []));
  return [{ tests, words: `${typeof title === 'string' ? `${title}: ` : ''}${names.join(', ')} (ActivityDefinition/${id})` }];
}
