// $merge over HTTP: POST Patient/$merge. https://hl7.org/fhir/R5/patient-operation-merge.html
import type { Identifier } from '@medplum/fhirtypes';
import { stringifyJson } from '../../fhir/json.ts';
import { isElement, readMember } from '../../fhir/json-values.ts';
import { type InputValue, type OperationParameters, readOperationParameters } from '../../fhir/operation-parameters.ts';
import { invalidStructure, notSupported } from '../../fhir/outcome.ts';
import { buildParameters, type ResultParameter } from '../../fhir/parameters.ts';
import { normalizeReference } from '../../fhir/reference.ts';
import { type MergeRequest, mergePatients, type PatientSelection } from '../../interactions/merge-patients.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildOperationOutcome } from '../middleware/error-handler.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';

const INPUT = {
  'source-patient': { type: 'Reference' },
  'source-patient-identifier': { type: 'Identifier', list: true },
  'target-patient': { type: 'Reference' },
  'target-patient-identifier': { type: 'Identifier', list: true },
  'result-patient': { type: 'Patient' },
  preview: { type: 'boolean' },
} as const;

/**
 * The Parameters of the response: the input as it was read, an OperationOutcome, and the target after the merge. A merge completes at once, so there is no Task.
 */
export async function handleMerge(call: FhirCall): Promise<FhirResponse> {
  const { context } = call;
  for (const permission of ['u', 'r', 's'] as const) authorize(context.caller, 'Patient', permission);
  if (call.query.some((parameter) => !isFormatParameter(parameter)))
    throw notSupported('$merge takes its parameters in the body: a Parameters resource');
  const input = readOperationParameters('$merge', INPUT, { body: await call.body.json() });
  const result = input.parsedResource('result-patient');
  const request: MergeRequest = {
    source: selectPatient(call, 'source-patient', input),
    target: selectPatient(call, 'target-patient', input),
    ...(result && { result: { resource: result.plain, exact: result.exact } }),
    preview: input.flag('preview'),
    logFailure: call.toFhirError,
  };
  const merged = await mergePatients(context, request);
  const parameter = [
    { name: 'input', resource: showInput(request) },
    { name: 'outcome', resource: buildOperationOutcome(merged.issues) },
    { name: 'result', resource: merged.result },
  ];
  return { status: 200, body: stringifyJson(buildParameters(parameter)) };
}

/** Only what was checked: an element that R4 does not have cannot be written as XML, and by then the merge is stored. */
function showInput({ source, target, result, preview }: MergeRequest): object {
  const parameter = [
    ...[source, target].flatMap(showSelection),
    ...(result ? [{ name: 'result-patient', resource: result.exact }] : []),
    { name: 'preview', valueBoolean: preview },
  ];
  return buildParameters(parameter);
}

const showSelection = ({ name, id, identifiers }: PatientSelection): ResultParameter[] => [
  ...(id === undefined ? [] : [{ name, valueReference: { reference: `Patient/${id}` } }]),
  ...identifiers.map((identifier) => ({ name: `${name}-identifier`, valueIdentifier: identifier })),
];

type Input = OperationParameters<keyof typeof INPUT>;

/** A patient by its reference, by the identifier in the reference, or by identifiers. */
function selectPatient({ context }: FhirCall, name: 'source-patient' | 'target-patient', input: Input): PatientSelection {
  const [reference] = input.values(name);
  const given = input.values(`${name}-identifier`).map(toIdentifier);
  const logical = readMember(reference?.plain, 'identifier');
  const identifiers = logical === undefined ? given : [...given, toIdentifier({ plain: logical, where: `${reference!.where}.identifier` })];
  const literal = readMember(reference?.plain, 'reference');
  if (literal === undefined) return { name, identifiers };
  const [type, id, ...others] = (typeof literal === 'string' ? normalizeReference(literal, context.baseUrl) : undefined)?.split('/') ?? [];
  if (type !== 'Patient' || id === undefined || others.length)
    throw invalidStructure('a reference to a Patient of this server is expected: Patient/[id]', `${reference!.where}.reference`);
  return { name, id, identifiers };
}

function toIdentifier({ plain, where }: Pick<InputValue, 'plain' | 'where'>): Identifier {
  const { system, value: text } = isElement(plain) ? plain : {};
  if (typeof text !== 'string' || (system !== undefined && typeof system !== 'string'))
    throw invalidStructure('an identifier with a value is expected', where);
  return { value: text, ...(system !== undefined && { system }) };
}
