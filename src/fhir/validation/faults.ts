// Explains failed JSON Schema keywords in terms of FHIR: one row per keyword that the generated schemas use.

import type { ErrorObject } from 'ajv';
import { findClosestName } from '../closest-name.ts';
import type { Schema } from '../json-schema.ts';
import { toList, toObject } from '../json-values.ts';
import { TEXT_TYPES } from './primitives.ts';
import { buildFault, type Fault, formatNames, type SchemaRule } from './schema-rule.ts';

type SchemaError = ErrorObject & { parentSchema: Schema };
type Explain = (error: SchemaError) => Fault;

const JSON_TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
};

const explainRange = ({ parentSchema }: SchemaError): Fault =>
  buildFault('value', `a number from ${parentSchema.minimum} to ${parentSchema.maximum} is expected`);

/** JSON Schema keyword → explanation. */
const KEYWORD_EXPLANATIONS: Readonly<Record<string, Explain>> = {
  type: ({ parentSchema }) => buildFault('structure', `${formatExpectedType(parentSchema)} is expected`),
  format: ({ parentSchema }) => buildFault('value', `${formatExpectedType(parentSchema)} is expected`),
  enum: ({ schema }) =>
    buildFault(
      'code-invalid',
      `one of these codes is expected: ${formatNames(
        toList(schema)
          .filter((code) => code !== null)
          .map(String),
      )}`,
    ),
  const: ({ schema }) => buildFault('structure', `${schema} is expected`),
  minimum: explainRange,
  maximum: explainRange,
  minItems: () => buildFault('structure', 'a list has at least one item: leave it out when there is none'),
  minProperties: () => buildFault('structure', 'an object has at least one element: leave it out when there is none'),
  required: ({ params }) => buildFault('required', `${params.missingProperty} is required`, params.missingProperty),
  additionalProperties: ({ params, parentSchema }) =>
    buildUnknownElementFault(params.additionalProperty, Object.keys(toObject(parentSchema.properties) ?? {})),
};

/** Turns schema errors into faults. If an element has a wrong JSON type, only that is reported. `root`: the whole resource. */
export function toFaults(errors: ErrorObject[], root: object, rules: Readonly<Record<string, SchemaRule<never>>>): Fault[] {
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath));
  const telling = errors.filter(({ keyword, instancePath }) => keyword === 'type' || !mistyped.has(instancePath));
  return telling.flatMap((error) => {
    // the assertions: ajv types schemas and data as any form, and each keyword of the generated schemas has the form that its rule expects
    const rule = rules[error.keyword];
    const faults = rule ? rule.explain(error.schema as never, error.data as never, root as never) : [explainError(error as SchemaError)];
    const steps = parseInstancePath(error);
    return (faults.length > 0 ? faults : [NOT_R4]).map((found) => ({ ...found, path: [...steps, ...found.path] }));
  });
}

/** The fault if a check failed but its rule has no explanation. */
const NOT_R4 = buildFault('invalid', 'this is not as R4 defines it');

const explainError = (error: SchemaError): Fault => KEYWORD_EXPLANATIONS[error.keyword]?.(error) ?? NOT_R4;

function formatExpectedType({ format, type }: Schema): string {
  const text = typeof format === 'string' ? TEXT_TYPES[format.replace('fhir-', '')] : undefined;
  return text?.expected ?? JSON_TYPE_NAMES[String([type].flat()[0])] ?? 'another type';
}

const NAME = /^_?[A-Za-z][A-Za-z0-9]{0,63}$/;

/** The fault for an unknown element, with the closest name. A text that cannot be an element name is not repeated, because it may be patient data. */
export function buildUnknownElementFault(name: string, known: string[]): Fault {
  if (!NAME.test(name)) return buildFault('structure', 'a property here has a name that cannot be an element name');
  const meant = findClosestName(name, known);
  return buildFault('structure', `there is no element ${name} here${meant ? `; did you mean ${meant}?` : ''}`, name);
}

/** The steps of a JSON Pointer. Numbers are indexes of lists. */
const parseInstancePath = ({ instancePath }: ErrorObject): (string | number)[] =>
  instancePath
    .split('/')
    .slice(1)
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~')));
