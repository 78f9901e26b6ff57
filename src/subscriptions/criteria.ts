// Subscription.criteria: a search, parsed as every search is and restricted to the scopes of the caller that wrote the Subscription.
// https://hl7.org/fhir/R4/subscription-definitions.html#Subscription.criteria ("search criteria (without the [base] part)")

import { isAllowed } from '../fhir/access-scope.ts';
import { businessRule, FhirError, forbidden } from '../fhir/outcome.ts';
import { parseMultiTypeSearch } from '../fhir/search/multi-type.ts';
import type { Query } from '../fhir/search/query.ts';
import { parseSearchUrl } from '../fhir/search/request.ts';
import { RESULT_PARAMETERS } from '../fhir/search/result-parameters.ts';
import type { Caller, Context } from '../interactions/context.ts';
import { restrictToScopes } from '../interactions/scope-filter.ts';

const CRITERIA_PATH = 'Subscription.criteria';

/** Fails with 422 if the search is not supported, with 403 if the scopes do not cover it, with 503 while its index is being rebuilt. */
export function parseCriteria(context: Pick<Context, 'registry' | 'baseUrl' | 'clock' | 'caller'>, text: string): Query {
  return restrictToScopes(parseSearch(context, text), context.caller);
}

function parseSearch({ registry, baseUrl, clock }: Pick<Context, 'registry' | 'baseUrl' | 'clock'>, text: string): Query {
  try {
    const { type, parameters } = parseSearchUrl(text);
    // a failed delivery changes the Subscription, which would lead to the next notification
    if (type === 'Subscription') throw businessRule('criteria cannot search Subscriptions', CRITERIA_PATH);
    const other = parameters.map(([name]) => name.split(':')[0]!).find((name) => Object.hasOwn(RESULT_PARAMETERS, name));
    if (other) throw businessRule(`criteria take no ${other}: they select resources and have no result parameters`, CRITERIA_PATH);
    const { query } = parseMultiTypeSearch([type], parameters, { registry, baseUrl, handling: 'strict', now: clock() });
    return { ...query, total: 'none', sort: [], include: [] };
  } catch (error) {
    if (error instanceof FhirError && error.kind !== 'unavailable') throw businessRule(error.message, CRITERIA_PATH);
    throw error;
  }
}

/** Fails with 403 if the caller may not read resources of this type. */
export function requireReadScope({ scopes }: Caller, type: string): void {
  if (!isAllowed(scopes, type, 'r')) throw forbidden(`the scopes of this API key do not cover reading ${type}: leave out channel.payload`);
}
