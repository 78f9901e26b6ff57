// A vendor's query parameters → a FHIR search, so that the store filters and nothing is filtered in memory.
import { foldText } from '../../fhir/indexing/text-folding.ts';
import { invalidParameter, unresolvedReference } from '../../fhir/outcome.ts';
import { isServed } from '../../fhir/types.ts';
import type { Aliases } from '../../fhir/writable-path/path.ts';
import { compileOrReport } from '../diagnostics.ts';
import { buildCodec, type Codec } from '../lens/codecs.ts';
import type { IdCodec } from '../lens/id-codec.ts';
import { findBoundParameters } from '../lens/name-scope.ts';
import type { Env, Shape } from '../shape.ts';
import type { MappingSpec, SearchSpec, ValueSpec } from '../spec.ts';
import { assertFormat, assertSpan, normalizeParameter, toValueSpec } from './parameter-rules.ts';
import { buildFilterValues, buildSearchText, resolveTimes } from './search-text.ts';

interface QueryContext {
  aliases: Aliases;
  ids: IdCodec;
}

/** A parameter, and how its value is taken where that is not as it comes. */
interface ParameterRule {
  name: string;
  spec: SearchSpec;
  codec: Codec | undefined;
}

/** One that has one value. */
type ValueRule = Omit<ParameterRule, 'spec'> & { spec: ValueSpec };

/** `filters`, `query` and `asked` of a shape. `fault` is told what is wrong, with the keys that lead to it. */
export function buildSearchSupport(
  mapping: MappingSpec,
  context: QueryContext,
  fault: (keys: string[], error: unknown) => void,
): Pick<Shape, 'filters' | 'pickBoundParameters' | 'buildQuery' | 'readIdParameters'> {
  const { resource, search = {}, sort, only } = mapping;
  const names = findBoundParameters(mapping, context.aliases);
  const rules = Object.entries(search).map(([name, spec]): ParameterRule => {
    const value = toValueSpec(spec);
    const made = (word: string, make: () => Codec | undefined): Codec | undefined =>
      compileOrReport(make, (error) => fault(['search', name, word], error));
    if (value?.id !== undefined) made('id', () => buildIdParameterCodec(value.id!, context));
    return { name, spec, codec: made('as', () => buildFilterCodec(spec)) };
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
          const led = buildIdParameterCodec(id, context).parseTarget!(value);
          return led && isServed(led.type) ? [{ parameter: name, type: led.type, id: led.id, ...(missing && { missing }) }] : [];
        });
      }),
  };
}

/** How a filter takes its value where the vendor has a form of its own for it (`as`). */
export function buildFilterCodec(spec: SearchSpec): Codec | undefined {
  const as = toValueSpec(spec)?.as;
  return as === undefined || as === 'upper' ? undefined : buildCodec({ as }, { aliases: {}, ids: NO_IDS, resource: '' });
}

const NO_ENV: Env = { alias: () => '' };
const NO_IDS: IdCodec = { encodeId: (_, id) => id, decodeId: () => undefined };

/** A value that each `{}` of a filter could have. */
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

/** What one parameter adds to the search. */
function toSearchParts({ name, spec, codec }: ParameterRule, asked: ParameterValue): string[] {
  const { value, aliases } = asked;
  if (typeof spec === 'object' && 'everyWord' in spec)
    return splitSearchWords(name, value).map((word) => buildSearchText(spec.everyWord, aliases, { '': word }));
  if (typeof spec === 'object' && 'words' in spec)
    return value === undefined ? [] : [buildSearchText(translateWord(name, spec.words, value), aliases, {})].filter(Boolean);
  return toValueParts({ name, spec: toValueSpec(spec)!, codec }, asked);
}

/** What a parameter adds that has one value. */
function toValueParts(rule: ValueRule, asked: ParameterValue): string[] {
  const { name, spec } = rule;
  const { value, aliases } = asked;
  if (spec.required && splitWords(value).length === 0) throw invalidParameter(`${name} is required`, name);
  if (value === undefined || (value.trim() === '' && spec.id === undefined)) return [];
  if (CONTROL_CHARACTERS_ONLY.test(value)) throw invalidParameter(`${name} holds nothing that can be looked for`, name);
  const values = splitValues(value, spec.several);
  if (values.length === 0 || values.length > MAX_VALUES) throw invalidParameter(`${name} takes 1 to ${MAX_VALUES} values, by comma`, name);
  for (const one of values) assertFormat(name, spec, one);
  const taken = values.map((one) => parseParameter(rule, { ...asked, value: one }));
  const { now, defaultBrand } = asked.env;
  const text = defaultBrand === value ? (spec.whenIs?.defaultBrand ?? spec.fhir) : spec.fhir;
  return text === undefined ? [] : [buildSearchText(text, aliases, buildFilterValues(text, taken, String(now)))];
}

/** Control characters, and nothing between them. */
const CONTROL_CHARACTERS_ONLY = /^[\p{Cc}\s]*\p{Cc}[\p{Cc}\s]*$/u;

/** More values than this are no question about a few. */
const MAX_VALUES = 100;

/** What is asked for: the value as it comes, or each of `several`, once. */
function splitValues(value: string | undefined, several: true | undefined): string[] {
  if (value === undefined) return [];
  const parts = value.split(',').map((part) => part.trim());
  return several ? [...new Set(parts.filter((part) => part !== ''))] : [value];
}

/** Refuses a day that is out of its span from another. */
function checkSpan({ name, spec, codec }: ParameterRule, rules: ParameterRule[], parameters: Record<string, string>): void {
  const value = toValueSpec(spec);
  const other = rules.find((one) => one.name === value?.span?.from);
  const [day, from] = [parameters[name], other && parameters[other.name]];
  if (!value || !day?.trim() || !from?.trim()) return;
  const stored = (by: Codec | undefined, text: string): string => String(by?.write(text, NO_ENV) ?? text);
  assertSpan(name, value, { day: stored(codec, day), from: stored(other!.codec, from) });
}

/** More words than this are no search for a person. */
const MAX_WORDS = 16;

function splitSearchWords(name: string, value: string | undefined): string[] {
  const found = [...new Set(splitWords(value))];
  if (found.length > MAX_WORDS) throw invalidParameter(`${name} takes at most ${MAX_WORDS} words`, name);
  return found;
}

/** Words as typed; one that nothing can be compared with (a lone control character) asks for nothing. */
const splitWords = (value = ''): string[] => value.split(/\s+/).filter((word) => foldText(word) !== '');

function translateWord(name: string, table: Record<string, string>, value: string): string {
  const text = Object.hasOwn(table, value) ? table[value] : undefined;
  if (text === undefined) throw invalidParameter(`${name} must be one of ${Object.keys(table).join(', ')}`, name);
  return text;
}

function parseParameter({ name, spec, codec }: ValueRule, asked: ParameterValue): string {
  if (codec) return parseWithCodec(name, codec, asked);
  return spec.id === undefined ? asked.value! : parseId(name, spec, asked);
}

function parseWithCodec(name: string, codec: Codec, { env, value }: ParameterValue): string {
  const fault = codec.validate?.(value);
  if (fault !== undefined) throw invalidParameter(`${name} ${fault}`, name);
  return String(codec.write(value, env));
}

/** Of one type the id, of several the type and the id. */
function parseId(name: string, { id = '', missing }: ValueSpec, { value, env, ...context }: ParameterValue): string {
  const { targets, validate, write } = buildIdParameterCodec(id, context) as Required<Codec>;
  const wrong = validate(value);
  if (wrong !== undefined) throw missing ? unresolvedReference(missing, id, name) : invalidParameter(`${name} ${wrong}`, name);
  const target = String(write(value, env));
  return targets.length > 1 ? target : target.slice(target.indexOf('/') + 1);
}

const buildIdParameterCodec = (types: string, { ids, aliases }: QueryContext): Codec =>
  buildCodec({ as: `reference(${types})` }, { aliases, ids, resource: '' });
