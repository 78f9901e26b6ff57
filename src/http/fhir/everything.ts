// $everything of a patient over HTTP, by GET and by POST. https://hl7.org/fhir/R4/operation-patient-everything.html

import { isAllowed } from '../../fhir/access-scope.ts';
import { parseDateRange } from '../../fhir/date-range.ts';
import type { ParsedJson } from '../../fhir/json.ts';
import { type OperationParameters, readOperationParameters } from '../../fhir/operation-parameters.ts';
import { invalid, notSupported } from '../../fhir/outcome.ts';
import { type CareSpan, RECORD_TYPES } from '../../fhir/search/everything.ts';
import { MAX_COUNT } from '../../fhir/search/result-parameters.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../../fhir/types.ts';
import { readEverything as everythingOf } from '../../interactions/everything.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildSearchBundle } from './bundle.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { buildPageLinks, openPageLink } from './page-links.ts';

const DEFAULT_COUNT = 100;

const PARAMETERS = {
  start: { type: 'date' },
  end: { type: 'date' },
  _since: { type: 'instant' },
  _type: { type: 'code', list: true },
  _count: { type: 'integer', least: 1 },
} as const;

/** GET [base]/Patient/[id]/$everything */
export const handleEverything = (call: FhirCall): Promise<FhirResponse> => respondWithRecord(call);

/** The same by POST. Parameters of the body are added to those of the URL. */
export const handleEverythingByPost = async (call: FhirCall): Promise<FhirResponse> =>
  respondWithRecord(call, await call.body.parameters());

async function respondWithRecord(call: FhirCall, body?: ParsedJson): Promise<FhirResponse> {
  const { context, id } = call;
  const path = `/Patient/${id}/$everything`;
  authorize(context.caller, 'Patient', 's');
  const opened = openPageLink(call, path, call.query);
  const input = readOperationParameters('$everything', PARAMETERS, { query: opened?.parameters ?? call.query, body });
  const options = parseEverythingOptions(input);
  const page = await everythingOf(context, {
    patient: id,
    ...options,
    ...selectTypes(call, options.types),
    ...(opened?.after && { start: { after: opened.after } }),
  });
  const links = buildPageLinks(call, { path, parameters: toPairs(input) }, { opened, next: page.next });
  return { status: 200, body: buildSearchBundle(context.baseUrl, { ...page, parsed: { ignored: [] } }, links) };
}

interface EverythingOptions {
  span: CareSpan;
  types: string[];
  count: number;
}

type Input = OperationParameters<keyof typeof PARAMETERS>;

/** The parameters as those of a URL. */
const toPairs = ({ names, values }: Input): [name: string, value: string][] =>
  names.flatMap((name) => values(name).map(({ plain }): [string, string] => [name, String(plain)]));

function parseEverythingOptions(input: Input): EverythingOptions {
  const [start, end, since] = [input.text('start'), input.text('end'), input.text('_since')];
  return {
    span: {
      ...(start !== undefined && { start: parseDay('start', start) }),
      ...(end !== undefined && { end: parseDay('end', end) }),
      ...(since !== undefined && { since: parseInstant(since) }),
    },
    types: input.texts('_type').flatMap((value) => value.split(',')),
    count: Math.min(input.integer('_count') ?? DEFAULT_COUNT, MAX_COUNT),
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
