// Checks that a request body is as the vendor documents it, and that a resource can store it. Issues name the vendor's fields, never their values.

import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { toList, toRecord } from '../../fhir/json-values.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import { TEXT_TYPES } from '../../fhir/validation/primitives.ts';
import type { Field, StoredValue } from '../lens/field.ts';
import { isUnset } from '../lens/lens-read.ts';
import { EMPTY_ENV, type View } from '../shape.ts';
import { checkFieldPairs, checkUnsentFieldPairs, findDayError } from './field-rules.ts';
import { isMapField, isSafeName, listMembers, omitBlankTexts, type ValueMember } from './known-fields.ts';

const FORMAT_NAMES = ['email', 'uuid', 'date', 'date-time'] as const;
const FORMAT_TEXTS: Record<string, string> = {
  email: 'an e-mail address',
  uuid: 'a UUID',
  date: 'a date of the calendar as YYYY-MM-DD',
  'date-time': 'an instant as YYYY-MM-DDThh:mm:ss with a time zone',
};
/** The error when a text does not have a format, to complete "<name> …"; undefined: none. */
export function findFormatError(format: string, text: string): string | undefined {
  return getFormatValidator(format)(text) ? undefined : `must be ${FORMAT_TEXTS[format]}`;
}

const FORMAT_VALIDATORS = new Map<string, ValidateFunction>();

function getFormatValidator(format: string): ValidateFunction {
  const check = FORMAT_VALIDATORS.get(format) ?? compileSchema({ type: 'string', format });
  FORMAT_VALIDATORS.set(format, check);
  return check;
}

/** The errors in a body. `now`: ISO 8601. `around`: the whole item, when the body has only some of its fields. */
export type BodyCheck = (body: unknown, now: string, around?: View) => Issue[];

/** Builds the check; the schema is compiled at its first use. */
export function buildBodyCheck(schema: object, fields: Field[]): BodyCheck {
  let accepts: ValidateFunction | undefined;
  const codecs = new Set(collectCodecPatterns(fields));
  const meanings = new Map(collectPatternMeanings(fields));
  return (body, now, around) => {
    accepts ??= compileSchema(schema);
    const isReported = ({ keyword, params }: ErrorObject): boolean => keyword !== 'pattern' || !codecs.has(params.pattern);
    const schemaIssues = accepts(body)
      ? []
      : (accepts.errors ?? []).filter(isReported).map((error) => toSchemaIssue(error, meanings, body));
    if (schemaIssues.some(({ expression }) => !expression)) return schemaIssues;
    const view = toRecord(body);
    const beyond = { invalidPaths: schemaIssues.flatMap(({ expression }) => expression ?? []), now };
    const absentFields = around ? fields.filter(({ name }) => !(name in view)) : [];
    return [
      ...keepFirstPerField(schemaIssues),
      ...checkFields(fields, view, { ...beyond, ...(around && { around }) }),
      ...absentFields.flatMap((field) => checkUnsentFieldPairs(field, around!, view).map(([name, text]) => buildFieldIssue(name, text))),
    ];
  };
}

/** The patterns of codecs: the codec's own error text replaces that of the schema. */
const collectCodecPatterns = (fields: Field[]): string[] =>
  fields.flatMap(({ codec, fields: inner = [], members = [] }) =>
    [codec.pattern ?? [], collectCodecPatterns(inner), collectCodecPatterns(members)].flat(),
  );

/** The patterns of mappings with their meaning in words (`patternMeans:`), which error texts use. */
const collectPatternMeanings = (fields: Field[]): (readonly [pattern: string, meaning: string])[] =>
  fields.flatMap(({ spec: { pattern, patternMeans }, fields: inner = [], members = [] }) => [
    ...(pattern === undefined || patternMeans === undefined ? [] : [[pattern, patternMeans] as const]),
    ...collectPatternMeanings(inner),
    ...collectPatternMeanings(members),
  ]);

/** Schemas are not validated here: `test/mapping/schema.test.ts` validates each of them. */
const SCHEMA_COMPILER = new Ajv2020({ allErrors: true, allowUnionTypes: true, validateSchema: false });
addFormats.default(SCHEMA_COMPILER, [...FORMAT_NAMES]);

/** The schema is removed from the cache, which would grow each time that mappings are reloaded. */
function compileSchema(schema: object): ValidateFunction {
  const validate = SCHEMA_COMPILER.compile(schema);
  SCHEMA_COMPILER.removeSchema(schema);
  return validate;
}

const formatWords = (words: unknown): string =>
  [words]
    .flat()
    .filter((word) => word !== null)
    .join(', ');
const formatTypes = (types: unknown): string =>
  [types]
    .flat()
    .map((type) => (/^[aeiou]/.test(String(type)) ? `an ${type}` : `a ${type}`))
    .join(' or ');

/** Error texts for the keywords of JSON Schema. */
const RULE_TEXTS: Record<string, (params: Record<string, unknown>) => string> = {
  type: ({ type }) => `must be ${formatTypes(type)}`,
  enum: ({ allowedValues }) => `must be one of ${formatWords(allowedValues)}`,
  minLength: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`),
  maxLength: ({ limit }) => `must have at most ${limit} characters`,
  minimum: ({ limit }) => `must be at least ${limit}`,
  maximum: ({ limit }) => `must be at most ${limit}`,
  minItems: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${limit} members`),
  maxItems: ({ limit }) => `must have at most ${limit} members`,
  format: ({ format }) => `must be ${FORMAT_TEXTS[String(format)]}`,
};

function toSchemaIssue({ keyword, instancePath, params }: ErrorObject, meanings: ReadonlyMap<string, string>, body: unknown): Issue {
  if (keyword === 'pattern') return buildFieldIssue(toFieldName(instancePath), `must be ${meanings.get(params.pattern)}`);
  if (keyword === 'required') return buildFieldIssue(toFieldName(`${instancePath}/${params.missingProperty}`), 'is required');
  const isNull = instancePath !== '' && resolvePointer(body, instancePath) === null;
  const text = isNull ? 'must not be null' : (RULE_TEXTS[keyword]?.(params) ?? 'is not as documented');
  return instancePath === '' ? issue('structure', 'the body must be a JSON object') : buildFieldIssue(toFieldName(instancePath), text);
}

const buildFieldIssue = (field: string, text: string): Issue => issue('invalid', `${field} ${text}`, field);

/** The value at a JSON Pointer. https://www.rfc-editor.org/rfc/rfc6901 */
const resolvePointer = (body: unknown, pointer: string): unknown =>
  pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, step) => (Array.isArray(value) ? value[Number(step)] : toRecord(value)[step]), body);

/** `/patient/last_name` → `patient.last_name`, `/days/0` → `days[0]`. Ends before a key that does not look like a name: it may be health data. */
function toFieldName(pointer: string): string {
  const steps = pointer.slice(1).split('/');
  const foreign = steps.findIndex((step) => !isSafeName(step));
  return (foreign < 0 ? steps : steps.slice(0, foreign))
    .map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}

/** The first issue of each field: an empty text is not also reported as an invalid e-mail address. */
const keepFirstPerField = (issues: Issue[]): Issue[] =>
  [...new Map(issues.toReversed().map((issue) => [issue.expression![0]!, issue])).values()].reverse();

/** `at`: the name of the enclosing field. `invalidPaths`: the fields with schema errors. `now`: ISO 8601. `around`: the whole item. */
interface CheckContext {
  at?: string;
  invalidPaths: string[];
  now: string;
  around?: View;
}

/** Rules that JSON Schema cannot express. */
const checkFields = (fields: Field[], view: View, context: CheckContext): Issue[] =>
  fields.flatMap((field) => checkField(field, view, context));

function checkField(field: Field, view: View, context: CheckContext): Issue[] {
  const name = context.at === undefined ? field.name : `${context.at}.${field.name}`;
  const value = view[field.name];
  if (field.spec.readOnly || isUnset(omitBlankTexts(field, value)) || isReported(field, name, context.invalidPaths)) return [];
  if (field.fields) return checkFields(field.fields, toRecord(value), { ...context, at: name });
  if (field.members)
    return toList(value).flatMap((item, index) => {
      const at = `${name}[${index}]`;
      return isReported(field, at, context.invalidPaths) ? [] : checkFields(field.members!, toRecord(item), { ...context, at });
    });
  const faults = listMembers(field, value).flatMap(({ at, ...member }) => {
    const text = findValueError(field, member);
    return text === undefined ? [] : [buildFieldIssue(name + at, text)];
  });
  if (faults.length) return faults;
  const late = findDayError(field, value, context.now);
  const texts = late === undefined ? checkFieldPairs(field, context.at === undefined ? (context.around ?? view) : view) : [late];
  return texts.map((text) => buildFieldIssue(name, text));
}

const isReported = ({ spec, members }: Field, name: string, invalidPaths: string[]): boolean =>
  invalidPaths.some(
    (path) => path === name || (!members && path.startsWith(`${name}[`)) || (isMapField(spec) && path.startsWith(`${name}.`)),
  );

function findValueError({ codec, toStored }: Field, { item, value }: Omit<ValueMember, 'at'>): string | undefined {
  const fault = codec.validate?.(item);
  if (fault !== undefined) return fault;
  for (const stored of toStored(value, EMPTY_ENV)) {
    const error = findStorageError(stored);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** FHIR allows no empty texts, and has a format for each type. https://hl7.org/fhir/R4/datatypes.html#string */
function findStorageError({ type, value }: StoredValue): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.trim() === '') return 'must not be blank';
  const rule = TEXT_TYPES[type];
  return rule && !rule.isValid(value) ? `must be ${rule.expected}` : undefined;
}
