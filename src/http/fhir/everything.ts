// $everything of a patient over HTTP, by GET and by POST. https://hl7.org/fhir/R4/operation-patient-everything.html

import { isAllowed } from '../../fhir/access-scope.ts';
import { parseDateRange } from '../../fhir/date-range.ts';
import { invalid, invalidStructure, notSupported } from '../../fhir/outcome.ts';
import { type CareSpan, RECORD_TYPES } from '../../fhir/search/everything.ts';
import { MAX_COUNT } from '../../fhir/search/result-parameters.ts';
import { isServed, type Resource, SERVED_TYPES, type ServedType } from '../../fhir/types.ts';
import { readEverything as everythingOf } from '../../interactions/everything.ts';
import { authorize } from '../middleware/authorize.ts';
import { toDraft } from './body.ts';
import { buildSearchBundle } from './bundle.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { buildPageLinks, isFormatParameter, openPageLink } from './page-links.ts';

type Parameters = [name: string, value: string][];

const DEFAULT_COUNT = 100;

/** Parameter → the type of its value in a Parameters resource. */
const PARAMETERS: Readonly<Record<string, string>> = {
  start: 'valueDate',
  end: 'valueDate',
  _since: 'valueInstant',
  _type: 'valueCode',
  _count: 'valueInteger',
};

/** GET [base]/Patient/[id]/$everything */
export const handleEverything = (call: FhirCall): Promise<FhirResponse> => respondWithRecord(call, call.query);

/** The same by POST. Parameters of the body are added to those of the URL. */
export const handleEverythingByPost = async (call: FhirCall): Promise<FhirResponse> =>
  respondWithRecord(call, [...call.query, ...parsePostedParameters(toDraft(await call.body.parameters(), 'Parameters').resource)]);

function parsePostedParameters({ parameter = [] }: Resource): Parameters {
  if (!Array.isArray(parameter)) throw invalidStructure('a list is expected', 'Parameters.parameter');
  return parameter.map((part: Record<string, unknown> | null, at) => {
    const { name } = part ?? {};
    if (typeof name !== 'string' || !Object.hasOwn(PARAMETERS, name)) throw buildUnknownParameterError(`Parameters.parameter[${at}]`);
    const value = part![PARAMETERS[name]!];
    if (typeof value !== 'string' && typeof value !== 'number')
      throw invalidStructure(`${name} has a ${PARAMETERS[name]}`, `Parameters.parameter[${at}]`);
    return [name, String(value)];
  });
}

const buildUnknownParameterError = (element?: string) => notSupported(`$everything takes ${Object.keys(PARAMETERS).join(', ')}`, element);

async function respondWithRecord(call: FhirCall, query: Parameters): Promise<FhirResponse> {
  const { context, id } = call;
  const path = `/Patient/${id}/$everything`;
  authorize(context.caller, 'Patient', 's');
  const opened = openPageLink(call, path, query);
  const parameters = opened?.parameters ?? query.filter((parameter) => !isFormatParameter(parameter));
  const options = parseEverythingOptions(parameters);
  const page = await everythingOf(context, {
    patient: id,
    ...options,
    ...selectTypes(call, options.types),
    ...(opened?.after && { start: { after: opened.after } }),
  });
  const links = buildPageLinks(call, { path, parameters }, { opened, next: page.next });
  return { status: 200, body: buildSearchBundle(context.baseUrl, { ...page, parsed: { ignored: [] } }, links) };
}

interface EverythingOptions {
  span: CareSpan;
  types: string[];
  count: number;
}

function parseEverythingOptions(parameters: Parameters): EverythingOptions {
  const values = (name: string): string[] => parameters.flatMap(([parameterName, value]) => (parameterName === name ? value : []));
  for (const [name] of parameters) {
    if (!Object.hasOwn(PARAMETERS, name)) throw buildUnknownParameterError();
    if (name !== '_type' && values(name).length > 1) throw invalid(`${name} may occur only once`);
  }
  const [[start], [end], [since], [count = String(DEFAULT_COUNT)]] = [values('start'), values('end'), values('_since'), values('_count')];
  if (!/^[1-9]\d{0,8}$/.test(count)) throw invalid('_count must be a whole number above 0');
  return {
    span: {
      ...(start !== undefined && { start: parseDay('start', start) }),
      ...(end !== undefined && { end: parseDay('end', end) }),
      ...(since !== undefined && { since: parseInstant(since) }),
    },
    types: values('_type').flatMap((value) => value.split(',')),
    count: Math.min(Number(count), MAX_COUNT),
  };
}

function parseDay(name: string, value: string): string {
  if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(value) || !parseDateRange(value))
    throw invalid(`${name} must be a date: 2026, 2026-01 or 2026-01-31`);
  return value;
}

function parseInstant(value: string): string {
  const range = parseDateRange(value);
  if (!range) throw invalid('_since must be an instant: 2026-01-31T12:00:00Z');
  return range.from;
}

/** The types of the record and the types of the resources it refers to: those in `_type`, otherwise all that the caller may search. */
function selectTypes({ context: { caller } }: FhirCall, named: string[]): { types: ServedType[]; besides: ServedType[] } {
  for (const type of named) {
    if (!isServed(type)) throw notSupported('_type names a resource type that is not served');
    authorize(caller, type, 's');
  }
  const includedTypes = SERVED_TYPES.filter((type) => (named.length ? named.includes(type) : isAllowed(caller.scopes, type, 's')));
  const types = includedTypes.filter((type) => RECORD_TYPES.includes(type));
  if (!types.length)
    throw notSupported(`_type: name one of ${RECORD_TYPES.join(', ')}; resources of other types are included only if these refer to them`);
  return { types, besides: includedTypes.filter((type) => !RECORD_TYPES.includes(type)) };
}
