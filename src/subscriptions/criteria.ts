// The criteria of a Subscription: a search, read by the very reader of searches, as whoever asked for the Subscription may ask it.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.criteria ("search criteria (without the [base] part)")
import { FhirError, forbidden, rule } from '../fhir/outcome.ts';
import { queryString } from '../fhir/query-string.ts';
import { allows } from '../fhir/scope.ts';
import type { Query } from '../fhir/search/query.ts';
import { RESULT_PARAMETERS } from '../fhir/search/result-parameters.ts';
import { parseSearchOf } from '../fhir/search/types.ts';
import type { Caller, Context } from '../interactions/context.ts';
import { restrictToScopes } from '../interactions/scope-filter.ts';

const CRITERIA_PATH = 'Subscription.criteria';

/**
 * The search for the one resource that meets them. Fails with 422 where they are no search that is served, with 403 where the scopes do not cover it, with 503
 * while the index that it asks is being made.
 */
export function parseCriteria(context: Pick<Context, 'registry' | 'baseUrl' | 'clock' | 'caller'>, text: string): Query {
  return restrictToScopes(parseSearch(context, text), context.caller);
}

function parseSearch({ registry, baseUrl, clock }: Pick<Context, 'registry' | 'baseUrl' | 'clock'>, text: string): Query {
  try {
    const { type, parameters } = queryString(text);
    // a Subscription changes with every failure to tell of it
    if (type === 'Subscription') throw rule('Subscriptions are not told of Subscriptions', CRITERIA_PATH);
    const other = parameters.map(([name]) => name.split(':')[0]!).find((name) => Object.hasOwn(RESULT_PARAMETERS, name));
    if (other) throw rule(`criteria take no ${other}: they say which resources, not how they are shown`, CRITERIA_PATH);
    const { query } = parseSearchOf([type], parameters, { registry, baseUrl, handling: 'strict', now: clock() });
    return { ...query, total: 'none', sort: [], include: [] };
  } catch (error) {
    if (error instanceof FhirError && error.kind !== 'unavailable') throw rule(error.message, CRITERIA_PATH);
    throw error;
  }
}

/** Fails with 403 where the scopes do not let the caller read what it wants to be sent. */
export function requireReadScope({ scopes }: Caller, type: string): void {
  if (!allows(scopes, type, 'r')) throw forbidden(`the scopes of this API key do not cover reading ${type}: leave out channel.payload`);
}
