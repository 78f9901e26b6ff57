// Which tests a code means: the network's own names of them, else the tenant's catalogue, which says what a LOINC code or a laboratory's own code is ordered by.
// Nothing is guessed: a code that means several tests orders none. docs/lab-catalogue.md, https://hl7.org/fhir/R4/activitydefinition.html
import type { Resource } from '../../fhir/types.ts';
import { findMatches } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import { asSystemActor } from '../system-actor.ts';
import { brokenConcept, codingsOf, isNetworkCode, type Tests, type TestTable, testsBehind } from './order-criteria.ts';

/** One meaning, several (each in words), or none. */
export type Meaning = { tests: Tests } | { several: string[] } | undefined;

/** So many entries for one code are compared: where there are more, none of them is ordered by. */
const MOST = 50;

/** What a concept orders. Its codings say the same thing, so that one which names a panel or a test decides. */
export async function meaningOf(context: Context, concept: unknown, table: TestTable): Promise<Meaning> {
  const named = testsBehind(concept, table);
  if (named?.labTests.length) return { tests: named };
  // a panel that there is not is a mistake, whatever stands beside it
  if (!named && codingsOf(concept).some(({ system }) => system === table.system)) return undefined;
  // a laboratory's own code is in the catalogue where it is part of a lab test; beside it, LOINC says less
  const asked = codingsOf(concept).filter((coding) => !named || isNetworkCode(coding, table));
  const { entries, more } = await entriesFor(context, asked, table);
  const meanings = [...new Map(entries.map((entry) => [JSON.stringify(entry.tests), entry])).values()];
  if (more || meanings.length > 1) return { several: [...meanings.map(({ words }) => words).sort(), ...(more ? [MORE] : [])] };
  const tests = meanings[0]?.tests ?? named;
  return tests && { tests };
}

/** What is wrong with a code of these meanings, and what to do. */
export const severalTests = (meanings: string[]): string =>
  `the code means several tests in the catalogue: give it a coding of the one that is meant; there are ${meanings.join('; ')}`;

interface Entry {
  tests: Tests;
  /** The entry as a person finds it. */
  words: string;
}

const MORE = `more than ${MOST} active entries (ActivityDefinition), of which the others are not compared`;

/** The entries that are in force for ordering and name tests of the network, by any of these codings. `more`: there are others, which were not read. */
async function entriesFor(
  context: Context,
  codings: { system?: string; code?: string }[],
  table: TestTable,
): Promise<{ entries: Entry[]; more: boolean }> {
  const tokens = codings.flatMap(({ system, code }) => (system && code ? `${escaped(system)}|${escaped(code)}` : []));
  if (tokens.length === 0) return { entries: [], more: false };
  const criteria = new URLSearchParams({ code: tokens.join(','), status: 'active' }).toString();
  // whoever orders need not be allowed to read the catalogue
  const rows = await findMatches(asSystemActor(context), 'ActivityDefinition', { criteria, count: MOST + 1 });
  const today = context.clock().toISOString().slice(0, 10);
  const entries = rows
    .map(({ body }) => JSON.parse(body!) as Resource)
    .filter((entry) => isInForce(entry, today))
    .flatMap((entry) => entryOf(entry, table));
  return { entries, more: rows.length > MOST };
}

/** https://hl7.org/fhir/R4/search.html#escaping */
const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

/** Active (which the search has asked for), for requests, meant for use, and within its time. */
function isInForce({ kind, experimental, doNotPerform, effectivePeriod }: Resource, today: string): boolean {
  const { start = '', end } = (effectivePeriod ?? {}) as { start?: string; end?: string };
  const covers = start.slice(0, 10) <= today && !(end !== undefined && end.slice(0, 10) < today.slice(0, end.length));
  return (kind === undefined || kind === 'ServiceRequest') && experimental !== true && doNotPerform !== true && covers;
}

/** An entry whose codings name different tests, or a panel that there is not, is none to order by. */
function entryOf({ id, title, code }: Resource, table: TestTable): Entry[] {
  const tests = testsBehind(code, table);
  if (!tests || brokenConcept(code, table, '').length) return [];
  const names = codingsOf(code).flatMap((coding) => (isNetworkCode(coding, table) ? `${coding.system}|${coding.code}` : []));
  return [{ tests, words: `${typeof title === 'string' ? `${title}: ` : ''}${names.join(', ')} (ActivityDefinition/${id})` }];
}
