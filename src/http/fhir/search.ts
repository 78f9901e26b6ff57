// Search as HTTP: of a type, of the whole system, of a compartment; by GET and by POST. https://hl7.org/fhir/R4/http.html#search

import { forbidden, invalid, notSupported } from '../../fhir/outcome.ts';
import { allows } from '../../fhir/scope.ts';
import { type Compartment, memberOf, typesInCompartment } from '../../fhir/search/compartments.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../../fhir/types.ts';
import { type SearchRequest, search as searchResources } from '../../interactions/search.ts';
import type { Row } from '../../store/resources/row.ts';
import type { Position } from '../../store/search/page.ts';
import { authorize } from '../middleware/authenticate.ts';
import { searchBundle } from './bundle.ts';
import { explainOf } from './explain.ts';
import type { FhirAnswer, FhirCall } from './fhir-call.ts';
import { isFrame, linkTo, openedPage } from './page-links.ts';
import { type Subset, subsetOf } from './subset.ts';

type Parameters = [name: string, value: string][];

/** Where a search begins. */
interface Place {
  /** Below the base, as links repeat it. */
  path: string;
  /** The types it may be of. `fixed`: they stand in the path, and `_type` is no parameter. */
  types: readonly ServedType[];
  fixed: boolean;
  within?: SearchRequest['within'];
}

export const search = (call: FhirCall): Promise<FhirAnswer> => answered(call, typePlace(call), { given: call.query, hidden: false });

/** Parameters of the URL and of the form add up; the links then show none of them. */
export const searchByPost = async (call: FhirCall): Promise<FhirAnswer> => answered(call, typePlace(call), await posted(call));

export const searchAll = (call: FhirCall): Promise<FhirAnswer> => answered(call, SYSTEM, { given: call.query, hidden: false });
export const searchAllByPost = async (call: FhirCall): Promise<FhirAnswer> => answered(call, SYSTEM, await posted(call));

/** https://hl7.org/fhir/R4/search.html#2.21.1.1 ("searching in a compartment") */
export const searchCompartment = (call: FhirCall): Promise<FhirAnswer> =>
  answered(call, compartmentPlace(call), { given: call.query, hidden: false });
export const searchCompartmentByPost = async (call: FhirCall): Promise<FhirAnswer> =>
  answered(call, compartmentPlace(call), await posted(call));

interface Given {
  given: Parameters;
  hidden: boolean;
}

const posted = async (call: FhirCall): Promise<Given> => ({ given: [...call.query, ...(await call.body.form())], hidden: true });

const SYSTEM: Place = { path: '', types: SERVED_TYPES, fixed: false };

const typePlace = ({ type }: FhirCall): Place => ({ path: `/${type}`, types: [type], fixed: true });

function compartmentPlace({ compartment, id, type, context }: FhirCall): Place {
  const whose: Compartment = { type: compartment as ServedType, id };
  const types = typesInCompartment(whose.type);
  if (type && !types.includes(type)) throw notSupported(`no ${type} ever belongs to a ${compartment} compartment`);
  const within = (one: ServedType) => memberOf(whose, one, context.registry) ?? { on: 'nothing' as const };
  return { path: `/${compartment}/${id}/${type || '*'}`, types: type ? [type] : types, fixed: type !== ('' as ServedType), within };
}

async function answered(call: FhirCall, place: Place, { given, hidden }: Given): Promise<FhirAnswer> {
  const { context } = call;
  const { explained, rest: wanted } = explainOf(context.caller, given);
  const opened = openedPage(call, place.path, wanted);
  const parameters = (opened?.parameters ?? wanted).filter((one) => !isFrame(one));
  const { types, typed, rest } = typesOf(call, place, parameters);
  const [type, ...also] = types;
  const { subset, rest: asked } = subsetOf(rest, also.length ? undefined : type);
  refuseTextWithIncludes(subset, asked);
  const handling = /handling=lenient/.test(call.header('prefer') ?? '') ? 'lenient' : 'strict';
  const page = await searchResources(context, {
    type: type!,
    also,
    parameters: asked,
    handling,
    scoped: true,
    mayEnd: true,
    explained,
    ...(place.within && { within: place.within }),
    ...(opened?.after && { start: { after: opened.after } }),
  });
  const used = [...typed, ...page.parsed.self, ...subset.parameters];
  const shown = {
    ...page,
    rows: page.rows.map((row) => shownRow(subset, row)),
    included: page.included.map((row) => shownRow(subset, row)),
  };
  const link = (after?: Position): string => linkTo(call, { path: place.path, parameters: used, ...(after && { after }) });
  const plainSelf = `${context.baseUrl}${place.path}${used.length ? `?${new URLSearchParams(used)}` : ''}`;
  const self = hidden || opened ? link(opened?.after) : plainSelf;
  return { status: 200, body: searchBundle(context.baseUrl, shown, { self, next: page.next && link(page.next) }) };
}

interface Types {
  types: readonly ServedType[];
  /** `_type` as it was given. */
  typed: Parameters;
  rest: Parameters;
}

/** The types a search is of. Without `_type`: all that may be found here and the caller may search. https://hl7.org/fhir/R4/search.html#2.21.1.1 */
function typesOf({ context: { caller } }: FhirCall, place: Place, parameters: Parameters): Types {
  if (place.fixed) return { types: place.types, typed: [], rest: parameters };
  const typed = parameters.filter(([name]) => name === '_type');
  const rest = parameters.filter(([name]) => name !== '_type');
  if (typed.length > 1) throw invalid('_type may stand only once: name several types by comma');
  if (!typed.length) return { types: permittedTypes(caller.scopes, place.types), typed, rest };
  const types = [...new Set(typed[0]![1].split(','))];
  for (const type of types) {
    if (!isServed(type)) throw notSupported('_type names a resource type that is not served');
    if (!place.types.includes(type)) throw notSupported(`_type: no ${type} is ever found here`);
    authorize(caller, type, 's');
  }
  return { types: types as ServedType[], typed, rest };
}

function permittedTypes(scopes: readonly string[], types: readonly ServedType[]): readonly ServedType[] {
  const permitted = types.filter((type) => allows(scopes, type, 's'));
  if (!permitted.length)
    throw forbidden('the scopes of this API key cover no search of the types that are found here: it needs system/<Type>.s of one of them');
  return permitted;
}

function refuseTextWithIncludes({ summary }: Subset, parameters: Parameters): void {
  if (summary === 'text' && parameters.some(([name]) => /^_(rev)?include(:|$)/.test(name)))
    throw invalid('_summary=text cannot stand together with _include or _revinclude');
}

const shownRow = (subset: Subset, row: Row): Row => (row.body === null ? row : { ...row, body: subset.of(row.body, row.type) });
