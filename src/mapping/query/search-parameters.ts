// Translates a vendor's query parameters into a FHIR search, so that the database filters.

import { foldText } from '../../fhir/indexing/text-folding.ts';
import { invalidParameter, unresolvedReference } from '../../fhir/outcome.ts';
import { isServed } from '../../fhir/types.ts';
import type { Aliases } from '../../fhir/writable-path/path.ts';
import { compileOrReport } from '../diagnostics.ts';
import { buildCodec, buildReferenceCodec, type Codec } from '../lens/codecs.ts';
import type { IdCodec } from '../lens/id-codec.ts';
import { findBoundParameters } from '../lens/name-scope.ts';
import { EMPTY_ENV, type Env, type Shape } from '../shape.ts';
import type { MappingSpec, SearchSpec, ValueSpec } from '../spec.ts';
import { assertFormat, assertSpan, normalizeParameter, toValueSpec } from './parameter-rules.ts';
import { buildFilterValues, buildSearchText, resolveTimes } from './search-text.ts';

interface QueryContext {
  aliases: Aliases;
  ids: IdCodec;
}

/** A parameter and the codec of its value, if any. */
interface ParameterRule {
  name: string;
  spec: SearchSpec;
  codec: Codec | undefined;
}

/** A parameter with one value. */
type ValueRule = Omit<ParameterRule, 'spec'> & { spec: ValueSpec };

/** The search functions of a shape; mistakes are reported. */
export function buildSearchSupport(
  mapping: MappingSpec,
  context: QueryContext,
  fault: (keys: string[], error: unknown) => void,
): Pick<Shape, 'filters' | 'pickBoundParameters' | 'buildQuery' | 'readIdParameters'> {
  const { resource, search = {}, sort, only } = mapping;
  const names = findBoundParameters(mapping, context.aliases);
  const rules = Object.entries(search).map(([name, spec]): ParameterRule => {
    const value = toValueSpec(spec);
    const buildCodec = (word: string, make: () => Codec | undefined): Codec | undefined =>
      compileOrReport(make, (error) => fault(['search', name, word], error));
    if (value?.id !== undefined) buildCodec('id', () => buildReferenceCodec(value.id!, context));
    return { name, spec, codec: buildCodec('as', () => buildFilterCodec(spec)) };
  });
  compileOrReport(
    () => resolveTimes(only ?? '', '2000-01-01T00:00:00Z'),
    (error) => fault(['only'], error),
  );
  return {
    filters: rules.map(({ name }) => name),
    pickBoundParameters: (parameters) =>
      Object.fromEntries(
        names.filter((name) => parameters[name]?.trim()).map((name) => [name, normalizeParameter(search[name]!, parameters[name]!)]),
      ),
    buildQuery(parameters, env) {
      const parts = rules.flatMap((rule) => toSearchParts(rule, { ...context, env, value: readNormalized(rule, parameters) }));
      for (const rule of rules) checkSpan(rule, rules, parameters);
      const always = only === undefined ? [] : [buildSearchText(only, context.aliases, resolveTimes(only, String(env.now)))];
      return `${resource}?${[...always, ...parts, ...(sort ? [`_sort=${sort}`] : [])].join('&')}`;
    },
    readIdParameters: (parameters) =>
      rules.flatMap(({ name, spec }) => {
        const { id, missing, several } = toValueSpec(spec) ?? {};
        if (id === undefined) return [];
        return splitValues(parameters[name], several).flatMap((value) => {
          const target = buildReferenceCodec(id, context).parseTarget(value);
          return target && isServed(target.type)
            ? [{ parameter: name, type: target.type, id: target.id, ...(missing && { missing }) }]
            : [];
        });
      }),
  };
}

/** The codec of a filter with `as:`. */
export function buildFilterCodec(spec: SearchSpec): Codec | undefined {
  const as = toValueSpec(spec)?.as;
  return as === undefined || as === 'upper' ? undefined : buildCodec({ as }, { aliases: {}, ids: NO_IDS, resource: '' });
}

const NO_IDS: IdCodec = { encodeId: (_, id) => id, decodeId: () => undefined };

/** A sample value for `{}` of a filter. */
export function toSampleValue(spec: SearchSpec): string {
  const as = toValueSpec(spec)?.as;
  if (as === undefined || as === 'upper') return 'x';
  return as.startsWith('date') ? '2000-01-01' : '2000-01-01T00:00:00.000Z';
}

interface ParameterValue extends QueryContext {
  env: Env;
  value: string | undefined;
}

const readNormalized = ({ name, spec }: ParameterRule, parameters: Record<string, string>): string | undefined =>
  parameters[name] === undefined ? undefined : normalizeParameter(spec, parameters[name]);

/** The conditions that a parameter adds to the search. */
function toSearchParts({ name, spec, codec }: ParameterRule, parameter: ParameterValue): string[] {
  const { value, aliases } = parameter;
  if (typeof spec === 'object' && 'everyWord' in spec)
    return splitSearchWords(name, value).map((word) => buildSearchText(spec.everyWord, aliases, { '': word }));
  if (typeof spec === 'object' && 'words' in spec)
    return value === undefined ? [] : [buildSearchText(translateWord(name, spec.words, value), aliases, {})].filter(Boolean);
  return toValueParts({ name, spec: toValueSpec(spec)!, codec }, parameter);
}

/** The conditions of a parameter with one value. */
function toValueParts(rule: ValueRule, parameter: ParameterValue): string[] {
  const { name, spec } = rule;
  const { value, aliases } = parameter;
  if (spec.required && splitWords(value).length === 0) throw invalidParameter(`${name} is required`, name);
  if (value === undefined || (value.trim() === '' && spec.id === undefined)) return [];
  if (CONTROL_CHARACTERS_ONLY.test(value)) throw invalidParameter(`${name} has no searchable characters`, name);
  const values = splitValues(value, spec.several);
  if (values.length === 0 || values.length > MAX_VALUES)
    throw invalidParameter(`${name} must have 1 to ${MAX_VALUES} values separated by commas`, name);
  for (const value of values) assertFormat(name, spec, value);
  const taken = values.map((value) => parseParameter(rule, { ...parameter, value }));
  const { now, defaultBrand } = parameter.env;
  const text = defaultBrand === value ? (spec.whenIs?.defaultBrand ?? spec.fhir) : spec.fhir;
  return text === undefined ? [] : [buildSearchText(text, aliases, buildFilterValues(text, taken, String(now)))];
}

/** Only control characters and spaces. */
const CONTROL_CHARACTERS_ONLY = /^[\p{Cc}\s]*\p{Cc}[\p{Cc}\s]*$/u;

/** The maximum number of values of one parameter. */
const MAX_VALUES = 100;

/** The values: one, or with `several` each distinct one. */
function splitValues(value: string | undefined, several: true | undefined): string[] {
  if (value === undefined) return [];
  const parts = value.split(',').map((part) => part.trim());
  return several ? [...new Set(parts.filter((part) => part !== ''))] : [value];
}

/** Refuses a day outside its span. */
function checkSpan({ name, spec, codec }: ParameterRule, rules: ParameterRule[], parameters: Record<string, string>): void {
  const value = toValueSpec(spec);
  const other = rules.find((rule) => rule.name === value?.span?.from);
  const [day, from] = [parameters[name], other && parameters[other.name]];
  if (!value || !day?.trim() || !from?.trim()) return;
  const stored = (by: Codec | undefined, text: string): string => String(by?.write(text, EMPTY_ENV) ?? text);
  assertSpan(name, value, { day: stored(codec, day), from: stored(other!.codec, from) });
}

/** The maximum number of words of one parameter. */
const MAX_WORDS = 16;

function splitSearchWords(name: string, value: string | undefined): string[] {
  const found = [...new Set(splitWords(value))];
  if (found.length > MAX_WORDS) throw invalidParameter(`${name} takes at most ${MAX_WORDS} words`, name);
  return found;
}

/** The words of a value; words without any comparable character are dropped. */
const splitWords = (value = ''): string[] => value.split(/\s+/).filter((word) => foldText(word) !== '');

function translateWord(name: string, table: Record<string, string>, value: string): string {
  const text = Object.hasOwn(table, value) ? table[value] : undefined;
  if (text === undefined) throw invalidParameter(`${name} must be one of ${Object.keys(table).join(', ')}`, name);
  return text;
}

function parseParameter({ name, spec, codec }: ValueRule, value: ParameterValue): string {
  if (codec) return parseWithCodec(name, codec, value);
  return spec.id === undefined ? value.value! : parseId(name, spec, value);
}

function parseWithCodec(name: string, codec: Codec, { env, value }: ParameterValue): string {
  const fault = codec.validate?.(value);
  if (fault !== undefined) throw invalidParameter(`${name} ${fault}`, name);
  return String(codec.write(value, env));
}

/** The id; with several types, `type/id`. */
function parseId(name: string, { id = '', missing }: ValueSpec, { value, env, ...context }: ParameterValue): string {
  const { targets, validate, write } = buildReferenceCodec(id, context);
  const error = validate(value);
  if (error !== undefined) throw missing ? unresolvedReference(missing, id, name) : invalidParameter(`${name} ${error}`, name);
  const target = String(write(value, env));
  return targets.length > 1 ? target : target.slice(target.indexOf('/') + 1);
}
