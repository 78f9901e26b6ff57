// Parses a call of $validate: a resource or a Parameters resource in the body, and parameters in the URL.
// https://hl7.org/fhir/R4/resource-operation-validate.html

import type { ParsedJson } from '../json.ts';
import { readOperationParameters } from '../operation-parameters.ts';
import { invalid } from '../outcome.ts';
import type { ParsedResource } from '../types.ts';

/** https://hl7.org/fhir/R4/valueset-resource-validation-mode.html */
const MODES = ['create', 'update', 'delete', 'profile'] as const;

export type ValidationMode = (typeof MODES)[number];

/** `profile`: a canonical URL. `resource`: of any type. Absent: the stored resource. */
export interface ValidateRequest {
  mode?: ValidationMode;
  profile?: string;
  resource?: ParsedResource;
}

const PARAMETERS = { resource: { type: 'Resource', asBody: true }, mode: { type: 'code' }, profile: { type: 'uri' } } as const;

/** Parses a call. `body`: absent for GET. */
export function parseValidateRequest(body: ParsedJson | undefined, query: readonly [string, string][]): ValidateRequest {
  const input = readOperationParameters('$validate', PARAMETERS, { query, body });
  const [sentMode] = input.values('mode');
  const mode = MODES.find((candidate) => candidate === sentMode?.plain);
  if (sentMode && mode === undefined) throw invalid(`mode must be one of ${MODES.join(', ')}`, sentMode.where);
  const [profile, resource] = [input.text('profile'), input.parsedResource('resource')];
  return { ...(mode !== undefined && { mode }), ...(profile !== undefined && { profile }), ...(resource && { resource }) };
}
