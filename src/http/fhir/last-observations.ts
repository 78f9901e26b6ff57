// $lastn over HTTP: GET and POST Observation/$lastn. https://hl7.org/fhir/R4/observation-operation-lastn.html
import { stringifyJson } from '../../fhir/json.ts';
import { readMember } from '../../fhir/json-values.ts';
import { invalid, invalidStructure } from '../../fhir/outcome.ts';
import { isParameters, listParameters, type Parameter } from '../../fhir/parameters.ts';
import { RESULT_PARAMETERS } from '../../fhir/search/result-parameters.ts';
import { readParameterCode } from '../../fhir/search/search-value.ts';
import { readLastObservations } from '../../interactions/last-observations.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildSearchBundle } from './bundle.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';
import { parseSubset } from './subset.ts';

type Parameters = [name: string, value: string][];

const PATH = '/Observation/$lastn';

export const handleLastObservations = (call: FhirCall): Promise<FhirResponse> => respondWithLast(call, call.query);

/** Parameters of the body are added to those of the URL. */
export async function handleLastObservationsByPost(call: FhirCall): Promise<FhirResponse> {
  const body = await call.body.parameters();
  if (!isParameters(body.plain)) throw invalidStructure('the body must be a Parameters resource with max and search parameters');
  return respondWithLast(call, [...call.query, ...listParameters(body).map(toSearchParameter)]);
}

/** A search parameter may have a value of any primitive type. A number keeps its digits, because a search by 5.40 is more precise than one by 5.4. */
function toSearchParameter({ name, plain, exact, where }: Parameter): [name: string, value: string] {
  const element = Object.keys(plain).find((key) => key.startsWith('value')) ?? '';
  const value = plain[element];
  if (typeof value === 'number') return [name, stringifyJson(readMember(exact, element))];
  if (typeof value !== 'string' && typeof value !== 'boolean')
    throw invalidStructure(`${name} needs a value: a text, a number, true or false`, where);
  return [name, String(value)];
}

async function respondWithLast(call: FhirCall, given: Parameters): Promise<FhirResponse> {
  const { context } = call;
  authorize(context.caller, 'Observation', 's');
  const used = given.filter((parameter) => !isFormatParameter(parameter));
  const { subset, rest } = parseSubset(used, 'Observation');
  const parameters = rest.filter(([name]) => name !== 'max');
  checkParameters(parameters);
  const rows = await readLastObservations(context, { parameters, max: parseMax(rest) });
  const shown = rows.map((row) => ({ ...row, body: subset.apply(row.body!, row.type) }));
  const page = { rows: shown, included: [], total: rows.length, parsed: { ignored: [] } };
  const self = `${context.baseUrl}${PATH}?${new URLSearchParams(used)}`;
  return { status: 200, body: buildSearchBundle(context.baseUrl, page, { self }) };
}

function parseMax(parameters: Parameters): number {
  const [max = '1', ...others] = parameters.flatMap(([name, value]) => (name === 'max' ? value : []));
  if (others.length) throw invalid('max may occur only once');
  if (!/^[1-9]\d{0,3}$/.test(max)) throw invalid('max must be a whole number from 1 to 9999');
  return Number(max);
}

/** The request "SHALL include" a subject, and a category or a parameter for a code. The result has an order and a size of its own. */
function checkParameters(parameters: Parameters): void {
  const codes = parameters.map(([name]) => readParameterCode(name));
  const own = codes.find((code) => Object.hasOwn(RESULT_PARAMETERS, code));
  if (own !== undefined) throw invalid(`$lastn has no ${own}: it sorts by time, and max is the number for each code`);
  if (!parameters.some(([name]) => SUBJECTS.has(readParameterCode(name)) && !EXCLUDES.test(name)))
    throw invalid('$lastn needs patient or subject, without :missing or :not');
  if (!codes.some((code) => code === 'category' || CODED.test(code)))
    throw invalid('$lastn needs category, code or another parameter for a code');
}

const SUBJECTS: ReadonlySet<string> = new Set(['patient', 'subject']);
/** These modifiers, also at the end of a chain, name no subject: `subject:missing=false` holds for nearly every Observation. */
const EXCLUDES = /:(missing|not|not-in)$/;
/** code, combo-code, code-value-quantity … */
const CODED = /(^|-)code(-|$)/;
