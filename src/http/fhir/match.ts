// $match over HTTP: POST Patient/$match. https://hl7.org/fhir/R4/patient-operation-match.html
import { type ParsedJson, stringifyJson } from '../../fhir/json.ts';
import { explainFindings } from '../../fhir/match-score.ts';
import { readOperationParameters } from '../../fhir/operation-parameters.ts';
import { type Issue, invalidIssues, notSupported } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { validateResource } from '../../fhir/validation/validate.ts';
import { matchPatients, type PatientMatch } from '../../interactions/match-patients.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildOperationOutcome } from '../middleware/error-handler.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';

const INPUT = {
  resource: { type: 'Patient', required: true, asBody: true },
  onlyCertainMatches: { type: 'boolean' },
  count: { type: 'integer', least: 1 },
} as const;

const GRADE_URL = 'http://hl7.org/fhir/StructureDefinition/match-grade';
const DEFAULT_COUNT = 10;
const MAX_COUNT = 100;

/** A searchset with a score and a grade for each patient, and an OperationOutcome that explains them. */
export async function handleMatch(call: FhirCall): Promise<FhirResponse> {
  const { context, query } = call;
  authorize(context.caller, 'Patient', 's');
  if (query.some((parameter) => !isFormatParameter(parameter)))
    throw notSupported('$match takes its parameters in the body: a Parameters resource');
  const { patient, onlyCertain, count } = readMatchInput(await call.body.json());
  const { matches, isCut, certain } = await matchPatients(context, { patient, count, onlyCertain });
  const issues: Issue[] = [
    ...matches.map(({ score, findings }, at) => buildInformation(`score ${score}: ${explainFindings(findings)}`, `Bundle.entry[${at}]`)),
    ...(onlyCertain && certain > 1 ? [buildInformation(`${certain} patients are certain matches: search without onlyCertainMatches`)] : []),
    ...(isCut
      ? [{ ...buildInformation('more patients are similar than are compared: send more of the patient'), severity: 'warning' as const }]
      : []),
  ];
  const entry = [
    ...matches.map((match) => buildEntry(context.baseUrl, match)),
    ...(issues.length ? [`{"resource":${JSON.stringify(buildOperationOutcome(issues))},"search":{"mode":"outcome"}}`] : []),
  ];
  const list = entry.length ? `,"entry":[${entry.join(',')}]` : '';
  return { status: 200, body: `{"resourceType":"Bundle","type":"searchset","total":${matches.length}${list}}` };
}

const buildInformation = (text: string, where?: string): Issue => ({
  severity: 'information',
  code: 'informational',
  text,
  ...(where !== undefined && { expression: [where] }),
});

/** The Parameters of the operation, or the patient alone. https://hl7.org/fhir/R4/operations.html#request */
function readMatchInput(body: ParsedJson): { patient: Resource; onlyCertain: boolean; count: number } {
  const input = readOperationParameters('$match', INPUT, { body });
  const patient = input.resource('resource')!;
  // "It does have to be a valid instance."
  const errors = validateResource(patient, 'Patient').filter(({ severity }) => severity === 'error' || severity === 'fatal');
  if (errors.length) throw invalidIssues(errors);
  return { patient, onlyCertain: input.flag('onlyCertainMatches'), count: Math.min(input.integer('count') ?? DEFAULT_COUNT, MAX_COUNT) };
}

function buildEntry(base: string, { row, score, grade }: PatientMatch): string {
  const search = { extension: [{ url: GRADE_URL, valueCode: grade }], mode: 'match', score };
  return `{"fullUrl":${JSON.stringify(`${base}/Patient/${row.id}`)},"resource":${row.body},"search":${stringifyJson(search)}}`;
}
