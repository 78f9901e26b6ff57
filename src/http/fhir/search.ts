// Search over HTTP: of a type, the whole system or a compartment, by GET and by POST. https://hl7.org/fhir/R4/http.html#search

import { isAllowed } from '../../fhir/access-scope.ts';
import { forbidden, invalid, notSupported } from '../../fhir/outcome.ts';
import { buildCompartmentCondition, type Compartment, listCompartmentTypes } from '../../fhir/search/compartment.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../../fhir/types.ts';
import { type SearchRequest, search } from '../../interactions/search.ts';
import type { FoundRow } from '../../store/resources/resource-row.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildSearchBundle } from './bundle.ts';
import { parseExplain } from './explain.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { buildPageLinks, isFormatParameter, openPageLink } from './page-links.ts';
import { parseSubset, type Subset } from './subset.ts';

type Parameters = [name: string, value: string][];

/** The part of the data that a search covers. */
interface SearchScope {
  /** Relative to the base, for page links. */
  path: string;
  /** The types that may be searched. `hasFixedTypes`: the path names the type, and `_type` is not a parameter. */
  types: readonly ServedType[];
  hasFixedTypes: boolean;
  within?: SearchRequest['restriction'];
}

export const handleSearch = (call: FhirCall): Promise<FhirResponse> => respondWithPage(call, buildTypeScope(call), call.query);

export const handleSearchByPost = async (call: FhirCall): Promise<FhirResponse> =>
  respondWithPage(call, buildTypeScope(call), await readPostedParameters(call));

export const handleSearchAll = (call: FhirCall): Promise<FhirResponse> => respondWithPage(call, SYSTEM_SCOPE, call.query);
export const handleSearchAllByPost = async (call: FhirCall): Promise<FhirResponse> =>
  respondWithPage(call, SYSTEM_SCOPE, await readPostedParameters(call));

/** https://hl7.org/fhir/R4/search.html#2.21.1.1 ("searching in a compartment") */
export const handleSearchCompartment = (call: FhirCall): Promise<FhirResponse> =>
  respondWithPage(call, buildCompartmentScope(call), call.query);
export const handleSearchCompartmentByPost = async (call: FhirCall): Promise<FhirResponse> =>
  respondWithPage(call, buildCompartmentScope(call), await readPostedParameters(call));

/** Parameters of the form are added to those of the URL. https://hl7.org/fhir/R4/http.html#search */
const readPostedParameters = async (call: FhirCall): Promise<Parameters> => [...call.query, ...(await call.body.form())];

const SYSTEM_SCOPE: SearchScope = { path: '', types: SERVED_TYPES, hasFixedTypes: false };

const buildTypeScope = ({ type }: FhirCall): SearchScope => ({ path: `/${type}`, types: [type], hasFixedTypes: true });

function buildCompartmentScope({ compartment, id, type, context }: FhirCall): SearchScope {
  const compartmentId: Compartment = { type: compartment, id };
  const types = listCompartmentTypes(compartmentId.type);
  if (type && !types.includes(type)) throw notSupported(`${type} resources never belong to a ${compartment} compartment`);
  const restrict = (servedType: ServedType) =>
    buildCompartmentCondition(compartmentId, servedType, context.registry) ?? { on: 'nothing' as const };
  return { path: `/${compartment}/${id}/${type || '*'}`, types: type ? [type] : types, hasFixedTypes: Boolean(type), within: restrict };
}

async function respondWithPage(call: FhirCall, place: SearchScope, input: Parameters): Promise<FhirResponse> {
  const { context } = call;
  const { explained, rest: requested } = parseExplain(context.caller, input);
  const opened = openPageLink(call, place.path, requested);
  const parameters = (opened?.parameters ?? requested).filter((parameter) => !isFormatParameter(parameter));
  const { types, typed, rest } = selectTypes(call, place, parameters);
  const [type, ...also] = types;
  const { subset, rest: criteria } = parseSubset(rest, also.length ? undefined : type);
  rejectTextWithIncludes(subset, criteria);
  const handling = /handling=lenient/.test(call.header('prefer') ?? '') ? 'lenient' : 'strict';
  const request = {
    type: type!,
    also,
    parameters: criteria,
    handling,
    isScoped: true,
    isSizeLimited: true,
    anyOrder: true,
    ...(place.within && { restriction: place.within }),
    ...(opened?.after && { start: { after: opened.after } }),
  } as const;
  const page = await search(context, request, { withPlans: explained });
  const used = [...typed, ...page.parsed.self, ...subset.parameters];
  const subsetPage = {
    ...page,
    rows: page.rows.map((row) => applySubset(subset, row)),
    included: page.included.map((row) => applySubset(subset, row)),
  };
  const links = buildPageLinks(call, { path: place.path, parameters: used }, { opened, next: page.next });
  const format = input.find(([name]) => name === '_format')?.[1];
  return { status: 200, body: buildSearchBundle(context.baseUrl, subsetPage, links), ...(format !== undefined && { format }) };
}

interface TypeSelection {
  types: readonly ServedType[];
  /** The parameter `_type`. */
  typed: Parameters;
  rest: Parameters;
}

/** The types to search. Without `_type`: all types of the path that the caller may search. https://hl7.org/fhir/R4/search.html#2.21.1.1 */
function selectTypes({ context: { caller } }: FhirCall, place: SearchScope, parameters: Parameters): TypeSelection {
  if (place.hasFixedTypes) return { types: place.types, typed: [], rest: parameters };
  const typed = parameters.filter(([name]) => name === '_type');
  const rest = parameters.filter(([name]) => name !== '_type');
  if (typed.length > 1) throw invalid('_type may occur only once: name several types by comma');
  if (!typed.length) return { types: filterSearchableTypes(caller.scopes, place.types), typed, rest };
  const types = [...new Set(typed[0]![1].split(','))].map((type) => {
    if (!isServed(type)) throw notSupported('_type names a resource type that is not served');
    if (!place.types.includes(type)) throw notSupported(`_type: ${type} resources cannot be searched at this path`);
    authorize(caller, type, 's');
    return type;
  });
  return { types, typed, rest };
}

function filterSearchableTypes(scopes: readonly string[], types: readonly ServedType[]): readonly ServedType[] {
  const permitted = types.filter((type) => isAllowed(scopes, type, 's'));
  if (!permitted.length)
    throw forbidden(
      'the scopes of this credential cover no search at this path: it needs system/<Type>.s for one of the types of the path',
    );
  return permitted;
}

function rejectTextWithIncludes({ summary }: Subset, parameters: Parameters): void {
  if (summary === 'text' && parameters.some(([name]) => /^_(rev)?include(:|$)/.test(name)))
    throw invalid('_summary=text cannot be combined with _include or _revinclude');
}

const applySubset = (subset: Subset, row: FoundRow): FoundRow =>
  row.body === null ? row : { ...row, body: subset.apply(row.body, row.type) };
