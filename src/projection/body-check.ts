// Whether a request body is what the vendor documents, and something a resource can hold. Issues name the vendor's own fields, never their values.
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type Issue, issue } from '../fhir/outcome.ts';
import { TEXT_TYPES } from '../fhir/validation/primitives.ts';
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
const NOTHING_KNOWN: Env = { alias: () => '' };

/** What is wrong with a body. `now`: ISO 8601. `around`: the whole item, where the body is a part of it. */
export type BodyCheck = (body: unknown, now: string, around?: View) => Issue[];

/** Compiles the check of bodies. */
export function bodyCheck(schema: object, fields: Field[]): BodyCheck {
  const accepts = compiled(schema);
  const codecs = new Set(sourcesIn(fields));
  return (body, now, around) => {
    const told = ({ keyword, params }: ErrorObject): boolean => keyword !== 'pattern' || !codecs.has(params.pattern);
    const wrong = accepts(body) ? [] : (accepts.errors ?? []).filter(told).map(schemaIssue);
    if (wrong.some(({ expression }) => !expression)) return wrong;
    const view = body as View;
    const beyond = { wrong: wrong.flatMap(({ expression }) => expression ?? []), today: latestDay(now) };
    const beside = around ? fields.filter(({ name, spec }) => !(name in view) && spec.unlike !== undefined && spec.unlike in view) : [];
    return [
      ...unique(wrong),
      ...fields.flatMap((field) => faultsOf(field, view, { ...beyond, ...(around && { around }) })),
      ...beside.flatMap((field) => likenessOf(field, field.name, around!)),
    ];
  };
}

/** The patterns of codecs: what breaks one is told in the codec's own words. */
const sourcesIn = (fields: Field[]): string[] =>
  fields.flatMap(({ codec, fields: inner = [], members = [] }) => [codec.source ?? [], sourcesIn(inner), sourcesIn(members)].flat());

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
  minItems: ({ limit }) => (limit === 1 ? 'must not be empty' : `must have at least ${limit} members`),
  maxItems: ({ limit }) => `must have at most ${limit} members`,
  pattern: ({ pattern }) => `must match ${pattern}`,
  format: ({ format }) => `must be ${FORMATS[String(format)]}`,
};

function schemaIssue({ keyword, instancePath, params }: ErrorObject): Issue {
  if (keyword === 'required') return about(fieldAt(`${instancePath}/${params.missingProperty}`), 'is required');
  const text = RULES[keyword]?.(params) ?? 'is not as documented';
  return instancePath === '' ? issue('structure', 'the body must be a JSON object') : about(fieldAt(instancePath), text);
}

const about = (field: string, text: string): Issue => issue('invalid', `${field} ${text}`, field);

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

/** `at`: what leads to the fields, where they are not the body's own. `wrong`: the fields the schema has said something of. `today`: the latest day that has come. `around`: the item that the body is a part of. */
interface Told {
  at?: string;
  wrong: string[];
  today: string;
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
  const late = lateness(field, value, told.today);
  return late === undefined ? likenessOf(field, name, told.at === undefined ? (told.around ?? view) : view) : [about(name, late)];
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

/** Where the sun rises first it is fourteen hours later than UTC: a day that has come there has come. */
const EARLIEST_ZONE_MS = 14 * 3_600_000;

const latestDay = (now: string): string => new Date(Date.parse(now) + EARLIEST_ZONE_MS).toISOString().slice(0, 10);

/** `past:` a day that has come. */
function lateness({ codec, spec: { past } }: Field, value: unknown, today: string): string | undefined {
  return past && String(codec.write(value, NOTHING_KNOWN)) > today ? 'must not be in the future' : undefined;
}

/** `unlike:` two fields that may not be stored as the same. */
function likenessOf({ codec, name, spec: { unlike } }: Field, place: string, view: View): Issue[] {
  const [value, other] = [view[name] ?? undefined, unlike === undefined ? undefined : (view[unlike] ?? undefined)];
  if (value === undefined || other === undefined || codec.write(value, NOTHING_KNOWN) !== codec.write(other, NOTHING_KNOWN)) return [];
  return [about(place, `must not be the same as ${unlike}`)];
}
