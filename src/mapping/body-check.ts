// Whether a request body is what the vendor documents, and something a resource can hold. Issues name the vendor's own fields, never their values.
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Issue, issue } from '../fhir/outcome.ts';
import { TEXT_TYPES } from '../fhir/validation/primitives.ts';
import { dayFault } from './day-rules.ts';
import { pairFaults, pairFaultsOfOthers } from './field-pairs.ts';
import type { Field, Stored } from './lens/field.ts';
import { isUnset } from './lens/lens-read.ts';
import { isMap, isName, type Member, membersOf, saidIn } from './lens/said.ts';
import type { Env, View } from './shape.ts';

const FORMATS: Record<string, string> = {
  email: 'an e-mail address',
  uuid: 'a UUID',
  date: 'a date of the calendar as YYYY-MM-DD',
  'date-time': 'an instant as YYYY-MM-DDThh:mm:ss with a time zone',
};
/** What a text is not that shall be of a format: completes "<name> …"; undefined: it is. */
export function formatFault(format: string, text: string): string | undefined {
  return formatOf(format)(text) ? undefined : `must be ${FORMATS[format]}`;
}

const CHECKS = new Map<string, ValidateFunction>();

function formatOf(format: string): ValidateFunction {
  const check = CHECKS.get(format) ?? compiled({ type: 'string', format });
  CHECKS.set(format, check);
  return check;
}

const NOTHING_KNOWN: Env = { alias: () => '' };

/** What is wrong with a body. `now`: ISO 8601. `around`: the whole item, where the body is a part of it. */
export type BodyCheck = (body: unknown, now: string, around?: View) => Issue[];

/** The check of bodies, compiled with the first of them. */
export function bodyCheck(schema: object, fields: Field[]): BodyCheck {
  let accepts: ValidateFunction | undefined;
  const codecs = new Set(sourcesIn(fields));
  const meanings = new Map(meaningsIn(fields));
  return (body, now, around) => {
    accepts ??= compiled(schema);
    const told = ({ keyword, params }: ErrorObject): boolean => keyword !== 'pattern' || !codecs.has(params.pattern);
    const wrong = accepts(body) ? [] : (accepts.errors ?? []).filter(told).map((error) => schemaIssue(error, meanings, body));
    if (wrong.some(({ expression }) => !expression)) return wrong;
    const view = body as View;
    const beyond = { wrong: wrong.flatMap(({ expression }) => expression ?? []), now };
    const beside = around ? fields.filter(({ name }) => !(name in view)) : [];
    return [
      ...unique(wrong),
      ...fields.flatMap((field) => faultsOf(field, view, { ...beyond, ...(around && { around }) })),
      ...beside.flatMap((field) => pairFaultsOfOthers(field, around!, view).map(([name, text]) => about(name, text))),
    ];
  };
}

/** The patterns of codecs: what breaks one is told in the codec's own words. */
const sourcesIn = (fields: Field[]): string[] =>
  fields.flatMap(({ codec, fields: inner = [], members = [] }) => [codec.source ?? [], sourcesIn(inner), sourcesIn(members)].flat());

/** The patterns of the vendors, each with what it asks for in words: nobody reads a regular expression in a refusal. */
const meaningsIn = (fields: Field[]): [pattern: string, meaning: string][] =>
  fields.flatMap(({ spec: { pattern, patternMeans }, fields: inner = [], members = [] }) => [
    ...(pattern === undefined || patternMeans === undefined ? [] : [[pattern, patternMeans] as [string, string]]),
    ...meaningsIn(inner),
    ...meaningsIn(members),
  ]);

/** Compiles what this program made itself: `test/mapping/schema.test.ts` holds each schema to the rules for schemas. */
const SCHEMAS = new Ajv2020({ allErrors: true, allowUnionTypes: true, validateSchema: false });
(addFormats as unknown as (ajv: Ajv2020, formats: string[]) => void)(SCHEMAS, Object.keys(FORMATS));

/** Forgotten at once: mappings are read again and again while somebody works on them. */
function compiled(schema: object): ValidateFunction {
  const validate = SCHEMAS.compile(schema);
  SCHEMAS.removeSchema(schema);
  return validate;
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
  minItems: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${limit} members`),
  maxItems: ({ limit }) => `must have at most ${limit} members`,
  format: ({ format }) => `must be ${FORMATS[String(format)]}`,
};

function schemaIssue({ keyword, instancePath, params }: ErrorObject, meanings: ReadonlyMap<string, string>, body: unknown): Issue {
  if (keyword === 'pattern') return about(fieldAt(instancePath), `must be ${meanings.get(params.pattern)}`);
  if (keyword === 'required') return about(fieldAt(`${instancePath}/${params.missingProperty}`), 'is required');
  const isNull = instancePath !== '' && valueAt(body, instancePath) === null;
  const text = isNull ? 'must not be null' : (RULES[keyword]?.(params) ?? 'is not as documented');
  return instancePath === '' ? issue('structure', 'the body must be a JSON object') : about(fieldAt(instancePath), text);
}

const about = (field: string, text: string): Issue => issue('invalid', `${field} ${text}`, field);

/** What a JSON Pointer leads to. https://www.rfc-editor.org/rfc/rfc6901 */
const valueAt = (body: unknown, pointer: string): unknown =>
  pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], body);

/** `/patient/last_name` → `patient.last_name`, `/days/0` → `days[0]`. A key that looks like no name may be somebody's data: it ends there. */
function fieldAt(pointer: string): string {
  const steps = pointer.slice(1).split('/');
  const foreign = steps.findIndex((step) => !isName(step));
  return (foreign < 0 ? steps : steps.slice(0, foreign))
    .map((step, nth) => (/^\d+$/.test(step) ? `[${step}]` : nth === 0 ? step : `.${step}`))
    .join('');
}

/** The first issue of each field: a text that is empty need not be told that it is no e-mail address either. */
const unique = (issues: Issue[]): Issue[] => [...new Map(issues.toReversed().map((one) => [one.expression![0]!, one])).values()].reverse();

/** `at`: what leads to the fields, where they are not the body's own. `wrong`: the fields the schema has said something of. `now`: ISO 8601. `around`: the item that the body is a part of. */
interface Told {
  at?: string;
  wrong: string[];
  now: string;
  around?: View;
}

/** What the schema cannot say of a field. */
function faultsOf(field: Field, view: View, told: Told): Issue[] {
  const name = told.at === undefined ? field.name : `${told.at}.${field.name}`;
  const value = view[field.name];
  if (field.spec.readOnly || isUnset(saidIn(field, value)) || isTold(field, name, told.wrong)) return [];
  const within = (fields: Field[], at: string, one: unknown): Issue[] =>
    fields.flatMap((inner) => faultsOf(inner, one as View, { ...told, at }));
  if (field.fields) return within(field.fields, name, value);
  if (field.members)
    return (value as View[]).flatMap((one, nth) =>
      isTold(field, `${name}[${nth}]`, told.wrong) ? [] : within(field.members!, `${name}[${nth}]`, one),
    );
  const faults = membersOf(field, value).flatMap(({ at, ...member }) => {
    const text = faultOf(field, member);
    return text === undefined ? [] : [about(name + at, text)];
  });
  if (faults.length) return faults;
  const late = dayFault(field, value, told.now);
  const texts = late === undefined ? pairFaults(field, told.at === undefined ? (told.around ?? view) : view) : [late];
  return texts.map((text) => about(name, text));
}

const isTold = ({ spec, members }: Field, name: string, wrong: string[]): boolean =>
  wrong.some((one) => one === name || (!members && one.startsWith(`${name}[`)) || (isMap(spec) && one.startsWith(`${name}.`)));

function faultOf({ codec, stores }: Field, { one, value }: Omit<Member, 'at'>): string | undefined {
  const fault = codec.fault?.(one);
  if (fault !== undefined) return fault;
  return stores(value, NOTHING_KNOWN)
    .map(storable)
    .find((found) => found !== undefined);
}

/** FHIR holds no empty texts, and none that break the rule of their type. https://hl7.org/fhir/R4/datatypes.html#string */
function storable({ type, value }: Stored): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.trim() === '') return 'must not be blank';
  const rule = TEXT_TYPES[type];
  return rule && !rule.is(value) ? `must be ${rule.expected}` : undefined;
}
