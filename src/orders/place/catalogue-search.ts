// Searches the tenant's catalogue (ActivityDefinition) by code. Requests that are written together share one search. docs/lab-catalogue.md,
// https://hl7.org/fhir/R4/activitydefinition.html

import type { ActivityDefinition } from '@medplum/fhirtypes';
import { escapeSearchValue } from '../../fhir/search/search-value.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import { findMatches } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import { asSystemActor } from '../system-actor.ts';
import { type Coding, listCodings } from './codings.ts';

/** Finds the entries in force that have one of the codings. `more`: there are more than MAX_ENTRIES active entries, and not all were read. */
export type CatalogueSearch = (codings: Coding[]) => Promise<{ entries: ActivityDefinition[]; more: boolean }>;

/** The maximum number of catalogue entries for one code. With more entries the code counts as ambiguous. */
export const MAX_ENTRIES = 50;

/** The most codes, and the most entries, of a shared search. With more of either, each concept is searched alone. */
const MAX_SHARED_CODES = 1000;
const MAX_SHARED_ENTRIES = 300;

/**
 * A search that reads the entries of all `shared` codings at once, when the first of them is needed. The results are the same as without sharing, also for
 * other codings. For use until the catalogue may change.
 */
export function createCatalogueSearch(context: Context, shared: Coding[]): CatalogueSearch {
  const sharedTokens = toTokens(shared);
  let sharedEntries: Promise<SharedEntry[] | undefined> | undefined;
  const findShared = async (tokens: Set<string>): Promise<ActivityDefinition[] | undefined> => {
    if (!tokens.isSubsetOf(sharedTokens)) return undefined;
    sharedEntries ??= readSharedEntries(context, sharedTokens);
    const all = await sharedEntries;
    return all?.flatMap((one) => (one.tokens.isDisjointFrom(tokens) ? [] : one.entry));
  };
  return async (codings) => {
    const tokens = toTokens(codings);
    if (tokens.size === 0) return { entries: [], more: false };
    const found = (await findShared(tokens)) ?? (await readEntries(context, tokens, MAX_ENTRIES + 1));
    const now = context.clock().toISOString();
    return { entries: found.slice(0, MAX_ENTRIES + 1).filter((entry) => isEntryInForce(entry, now)), more: found.length > MAX_ENTRIES };
  };
}

/** The codings as values of a token parameter, which compares codes exactly. A coding without a system or code is left out. */
const toTokens = (codings: Coding[]): Set<string> =>
  new Set(codings.flatMap(({ system, code }) => (system && code ? `${escapeSearchValue(system)}|${escapeSearchValue(code)}` : [])));

interface SharedEntry {
  entry: ActivityDefinition;
  tokens: Set<string>;
}

/** All active entries with one of the tokens. Undefined: they are too many for one search. */
async function readSharedEntries(context: Context, tokens: Set<string>): Promise<SharedEntry[] | undefined> {
  if (tokens.size > MAX_SHARED_CODES) return undefined;
  const entries = await readEntries(context, tokens, MAX_SHARED_ENTRIES + 1);
  if (entries.length > MAX_SHARED_ENTRIES) return undefined;
  return entries.map((entry) => ({ entry, tokens: toTokens(listCodings(entry.code)) }));
}

/** Active entries with one of the tokens, at most `count`, in the order of storing. */
async function readEntries(context: Context, tokens: Set<string>, count: number): Promise<ActivityDefinition[]> {
  const criteria = new URLSearchParams({ code: [...tokens].join(','), status: 'active' }).toString();
  // the caller may have no scope to read the catalogue
  const rows = await findMatches(asSystemActor(context), 'ActivityDefinition', { criteria, count, firstIsRare: true });
  return rows.map(({ body }) => toTyped('ActivityDefinition', JSON.parse(body!)));
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
