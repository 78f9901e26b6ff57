// Whether a request body is what the vendor documents, and something a resource can hold. Issues name the vendor's own fields, never their values.
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Issue, issue } from '../fhir/outcome.ts';
import { TEXT_TYPES } from '../fhir/primitives.ts';
import type { Field, Stored } from './field.ts';
import { isUnset } from './lens-read.ts';
import type { Env, Shape, View } from './shape.ts';

const FORMATS: Record<string, string> = {
  email: 'an e-mail address',
  uuid: 'a UUID',
  date: 'a date of the calendar as YYYY-MM-DD',
  'date-time': 'an instant as YYYY-MM-DDThh:mm:ss with a time zone',
};
const NOTHING_KNOWN: Env = { alias: () => '' };

/** Compiles the check of a shape's request bodies. */
export function bodyCheck(schema: object, fields: Field[]): Shape['check'] {
  const accepts = compiled(schema);
  return (body) => {
    const wrong = accepts(body) ? [] : (accepts.errors ?? []).map(schemaIssue);
    if (wrong.some(({ expression }) => !expression)) return wrong;
    const told = new Set(wrong.flatMap(({ expression }) => expression ?? []));
    return [...unique(wrong), ...fields.flatMap((field) => faultsOf(field, body as View, told))];
  };
}

function compiled(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  (addFormats as unknown as (ajv: Ajv2020, formats: string[]) => void)(ajv, Object.keys(FORMATS));
  return ajv.compile(schema);
}

const listed = (words: unknown): string =>
  [words]
    .flat()
    .filter((word) => word !== null)
    .join(', ');
const kinds = (types: unknown): string =>
  [types]
    .flat()
    .map((type) => (/^[aeiou]/.test(String(type)) ? `an ${type}` : `a ${type}`))
    .join(' or ');

/** What ajv's keywords say, in words. */
const RULES: Record<string, (params: Record<string, unknown>) => string> = {
  type: ({ type }) => `must be ${kinds(type)}`,
  enum: ({ allowedValues }) => `must be one of ${listed(allowedValues)}`,
  minLength: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${limit} characters`),
  maxLength: ({ limit }) => `must have at most ${limit} characters`,
  pattern: ({ pattern }) => `must match ${pattern}`,
  format: ({ format }) => `must be ${FORMATS[String(format)]}`,
};

function schemaIssue({ keyword, instancePath, params }: ErrorObject): Issue {
  if (keyword === 'required') return about(fieldAt(`${instancePath}/${params.missingProperty}`), 'is required');
  const text = RULES[keyword]?.(params) ?? 'is not as documented';
  return instancePath === '' ? issue('structure', 'the body must be a JSON object') : about(fieldAt(instancePath), text);
}

const about = (field: string, text: string): Issue => issue('invalid', `${field} ${text}`, field);

/** `/patient/last_name` → `patient.last_name`, `/days/0` → `days[0]`. The keys of a free map are the caller's, not ours to repeat. */
const fieldAt = (pointer: string): string =>
  pointer
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');

/** The first issue of each field: a text that is empty need not be told that it is no e-mail address either. */
const unique = (issues: Issue[]): Issue[] => [...new Map(issues.toReversed().map((one) => [one.expression![0]!, one])).values()].reverse();

/** What the schema cannot say of a field. `wrong`: the fields it has said something of. */
function faultsOf(field: Field, view: View, wrong: ReadonlySet<string>): Issue[] {
  const name = field.at.join('.');
  const value = view[field.name];
  if (field.spec.readOnly || isUnset(value) || [...wrong].some((one) => one === name || one.startsWith(`${name}[`))) return [];
  if (field.fields) return field.fields.flatMap((inner) => faultsOf(inner, value as View, wrong));
  const text = faultOf(field, value) ?? likeness(field, value, view);
  return text === undefined ? [] : [about(name, text)];
}

function faultOf({ codec, spec, stores }: Field, value: unknown): string | undefined {
  const each = spec.type === 'string[]' ? (value as unknown[]) : [value];
  for (const one of each) {
    const fault = codec.fault?.(one);
    if (fault !== undefined) return fault;
  }
  return stores(value, NOTHING_KNOWN)
    .map(storable)
    .find((fault) => fault !== undefined);
}

/** FHIR holds no empty texts, and none that break the rule of their type. https://hl7.org/fhir/R4/datatypes.html#string */
function storable({ type, value }: Stored): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.trim() === '') return 'must not be blank';
  const rule = TEXT_TYPES[type];
  return rule && !rule.is(value) ? `must be ${rule.expected}` : undefined;
}

/** `unlike:` two fields that may not be stored as the same. */
function likeness({ codec, spec: { unlike } }: Field, value: unknown, view: View): string | undefined {
  const other = unlike === undefined ? undefined : (view[unlike] ?? undefined);
  if (other === undefined) return undefined;
  return codec.write(value, NOTHING_KNOWN) === codec.write(other, NOTHING_KNOWN) ? `must not be the same as ${unlike}` : undefined;
}

/** The body without what the shape does not know, at any depth. */
export function knownOf(fields: Field[], body: View): View {
  const entries = fields.flatMap((field): [string, unknown][] => {
    const { name, spec, fields: inner } = field;
    if (spec.readOnly || !Object.hasOwn(body, name)) return [];
    const value = body[name];
    return [[name, inner && value ? knownOf(inner, value as View) : value]];
  });
  return Object.fromEntries(entries);
}
