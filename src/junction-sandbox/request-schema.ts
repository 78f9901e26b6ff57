// Checks a request body by Junction's own API description (generated/request-schemas.json): the form that its framework gives errors has rule, location and value.
// A field that is not described is refused, which Junction does not do: Facet must not send what the network would ignore.
// https://docs.junction.com/api-reference
import { readFileSync } from 'node:fs';
import { Ajv2020, type DefinedError, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

interface Description {
  /** Endpoint → the description that its schema is from. */
  sources: Record<string, string>;
  /** Endpoint (`POST /v3/order`) → the schema of its body. */
  requests: Record<string, object>;
  $defs: Record<string, object>;
}

// type assertion: scripts/generate-junction.ts wrote this file
const DESCRIPTION = JSON.parse(readFileSync(new URL('./generated/request-schemas.json', import.meta.url), 'utf8')) as Description;

/** Compiled when the first request arrives. */
const validators = new Map<string, ValidateFunction>();

/** The errors of the body; none for an endpoint without a described body. */
export function checkRequestBody(endpoint: string, body: unknown): object[] {
  const schema = DESCRIPTION.requests[endpoint];
  if (!schema) return [];
  const validate = validators.get(endpoint) ?? compileSchema(schema);
  validators.set(endpoint, validate);
  if (validate(body)) return [];
  // type assertion: the errors of Ajv's own keywords
  return (validate.errors as DefinedError[]).filter(isOwnError).map(buildError);
}

function compileSchema(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: false });
  addFormats.default(ajv);
  return ajv.compile({ ...schema, $defs: DESCRIPTION.$defs });
}

/** An alternative is an optional field's value or null: the errors of the value alone say what is wrong. */
const isOwnError = ({ keyword, params }: DefinedError): boolean =>
  keyword !== 'anyOf' && !(keyword === 'type' && String(params.type) === 'null');

function buildError(error: DefinedError): object {
  const loc = ['body', ...error.instancePath.split('/').slice(1).map(toStep)];
  if (error.keyword === 'required')
    return { type: 'missing', loc: [...loc, error.params.missingProperty], msg: 'Field required', input: error.data };
  if (error.keyword === 'additionalProperties')
    return {
      type: 'extra_forbidden',
      loc: [...loc, error.params.additionalProperty],
      msg: 'Extra inputs are not permitted',
      input: error.data,
    };
  return { type: 'value_error', loc, msg: toMessage(error), input: error.data, ctx: { error: {} } };
}

const toStep = (step: string): string | number => (/^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~'));

function toMessage({ keyword, params, message = '' }: DefinedError): string {
  if (keyword === 'enum') return `Input should be ${params.allowedValues.join(', ')}`;
  if (keyword === 'format') return `Input should be a valid ${params.format}`;
  if (keyword === 'type') return `Input should be a valid ${params.type}`;
  return `Input ${message}`;
}
