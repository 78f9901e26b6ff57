// A vendor's query parameters → a FHIR search, so that the store filters and nothing is filtered in memory.
import { fold } from '../fhir/indexing/fold.ts';
import { leadsNowhere, parameter } from '../fhir/outcome.ts';
import type { Aliases } from '../fhir/path/path.ts';
import { isServed } from '../fhir/types.ts';
import { attempt } from './attempt.ts';
import type { Ids } from './ids.ts';
import { type Codec, codecOf } from './lens/codecs.ts';
import { boundIn } from './lens/names.ts';
import { asStored, refuseOtherFormat, refuseOutOfSpan, valueSpecOf } from './parameter-rules.ts';
import { filterValues, searchText, timesIn } from './search-text.ts';
import type { Env, Shape } from './shape.ts';
import type { MappingSpec, SearchSpec, ValueSpec } from './spec.ts';

interface QueryContext {
  aliases: Aliases;
  ids: Ids;
}

/** A parameter, and how its value is taken where that is not as it comes. */
interface Rule {
  name: string;
  spec: SearchSpec;
  codec: Codec | undefined;
}

/** One that has one value. */
type ValueRule = Omit<Rule, 'spec'> & { spec: ValueSpec };

/** `filters`, `query` and `asked` of a shape. `fault` is told what is wrong, with the keys that lead to it. */
export function queryOf(
  mapping: MappingSpec,
  context: QueryContext,
  fault: (keys: string[], error: unknown) => void,
): Pick<Shape, 'filters' | 'bound' | 'query' | 'asked'> {
  const { resource, search = {}, sort, only } = mapping;
  const names = boundIn(mapping, context.aliases);
  const rules = Object.entries(search).map(([name, spec]): Rule => {
    const value = valueSpecOf(spec);
    const made = (word: string, make: () => Codec | undefined): Codec | undefined =>
      attempt(make, (error) => fault(['search', name, word], error));
    if (value?.id !== undefined) made('id', () => idCodec(value.id!, context));
    return { name, spec, codec: made('as', () => filterCodec(spec)) };
  });
  attempt(
    () => timesIn(only ?? '', '2000-01-01T00:00:00Z'),
    (error) => fault(['only'], error),
  );
  return {
    filters: rules.map(({ name }) => name),
    bound: (parameters) =>
      Object.fromEntries(
        names.filter((name) => parameters[name]?.trim()).map((name) => [name, asStored(search[name]!, parameters[name]!)]),
      ),
    query(parameters, env) {
      const parts = rules.flatMap((rule) => partsOf(rule, { ...context, env, value: storedFrom(rule, parameters) }));
      for (const rule of rules) inSpan(rule, rules, parameters);
      const always = only === undefined ? [] : [searchText(only, context.aliases, timesIn(only, String(env.now)))];
      return `${resource}?${[...always, ...parts, ...(sort ? [`_sort=${sort}`] : [])].join('&')}`;
    },
    asked: (parameters) =>
      rules.flatMap(({ name, spec }) => {
        const { id, missing, several } = valueSpecOf(spec) ?? {};
        if (id === undefined) return [];
        return valuesOf(parameters[name], several).flatMap((value) => {
          const led = idCodec(id, context).leads!(value);
          return led && isServed(led.type) ? [{ parameter: name, type: led.type, id: led.id, ...(missing && { missing }) }] : [];
        });
      }),
  };
}

/** How a filter takes its value where the vendor has a form of its own for it (`as`). */
export function filterCodec(spec: SearchSpec): Codec | undefined {
  const as = valueSpecOf(spec)?.as;
  return as === undefined || as === 'upper' ? undefined : codecOf({ as }, { aliases: {}, ids: NO_IDS, resource: '' });
}

const NO_ENV: Env = { alias: () => '' };
const NO_IDS: Ids = { showId: (_, id) => id, readId: () => undefined };

/** A value that each `{}` of a filter could have. */
export function sampleOf(spec: SearchSpec): string {
  const as = valueSpecOf(spec)?.as;
  if (as === undefined || as === 'upper') return 'x';
  return as.startsWith('date') ? '2000-01-01' : '2000-01-01T00:00:00.000Z';
}

interface Asked extends QueryContext {
  env: Env;
  value: string | undefined;
}

const storedFrom = ({ name, spec }: Rule, parameters: Record<string, string>): string | undefined =>
  parameters[name] === undefined ? undefined : asStored(spec, parameters[name]);

/** What one parameter adds to the search. */
function partsOf({ name, spec, codec }: Rule, asked: Asked): string[] {
  const { value, aliases } = asked;
  if (typeof spec === 'object' && 'everyWord' in spec)
    return searchedWords(name, value).map((word) => searchText(spec.everyWord, aliases, { '': word }));
  if (typeof spec === 'object' && 'words' in spec)
    return value === undefined ? [] : [searchText(wordOf(name, spec.words, value), aliases, {})].filter(Boolean);
  return valueParts({ name, spec: valueSpecOf(spec)!, codec }, asked);
}

/** What a parameter adds that has one value. */
function valueParts(rule: ValueRule, asked: Asked): string[] {
  const { name, spec } = rule;
  const { value, aliases } = asked;
  if (spec.required && words(value).length === 0) throw parameter(`${name} is required`, name);
  if (value === undefined || (value.trim() === '' && spec.id === undefined)) return [];
  if (UNSEEN.test(value)) throw parameter(`${name} holds nothing that can be looked for`, name);
  const values = valuesOf(value, spec.several);
  if (values.length === 0 || values.length > MOST_VALUES) throw parameter(`${name} takes 1 to ${MOST_VALUES} values, by comma`, name);
  for (const one of values) refuseOtherFormat(name, spec, one);
  const taken = values.map((one) => takenAs(rule, { ...asked, value: one }));
  const { now, defaultBrand } = asked.env;
  const text = defaultBrand === value ? (spec.whenIs?.defaultBrand ?? spec.fhir) : spec.fhir;
  return text === undefined ? [] : [searchText(text, aliases, filterValues(text, taken, String(now)))];
}

/** Control characters, and nothing between them. */
const UNSEEN = /^[\p{Cc}\s]*\p{Cc}[\p{Cc}\s]*$/u;

/** More values than this are no question about a few. */
const MOST_VALUES = 100;

/** What is asked for: the value as it comes, or each of `several`, once. */
function valuesOf(value: string | undefined, several: true | undefined): string[] {
  if (value === undefined) return [];
  const parts = value.split(',').map((part) => part.trim());
  return several ? [...new Set(parts.filter((part) => part !== ''))] : [value];
}

/** Refuses a day that is out of its span from another. */
function inSpan({ name, spec, codec }: Rule, rules: Rule[], parameters: Record<string, string>): void {
  const value = valueSpecOf(spec);
  const other = rules.find((one) => one.name === value?.span?.from);
  const [day, from] = [parameters[name], other && parameters[other.name]];
  if (!value || !day?.trim() || !from?.trim()) return;
  const stored = (by: Codec | undefined, text: string): string => String(by?.write(text, NO_ENV) ?? text);
  refuseOutOfSpan(name, value, { day: stored(codec, day), from: stored(other!.codec, from) });
}

/** More words than this are no search for a person. */
const MOST_WORDS = 16;

function searchedWords(name: string, value: string | undefined): string[] {
  const found = [...new Set(words(value))];
  if (found.length > MOST_WORDS) throw parameter(`${name} takes at most ${MOST_WORDS} words`, name);
  return found;
}

/** Words as typed; one that nothing can be compared with (a lone control character) asks for nothing. */
const words = (value = ''): string[] => value.split(/\s+/).filter((word) => fold(word) !== '');

function wordOf(name: string, table: Record<string, string>, value: string): string {
  const text = Object.hasOwn(table, value) ? table[value] : undefined;
  if (text === undefined) throw parameter(`${name} must be one of ${Object.keys(table).join(', ')}`, name);
  return text;
}

function takenAs({ name, spec, codec }: ValueRule, asked: Asked): string {
  if (codec) return codedOf(name, codec, asked);
  return spec.id === undefined ? asked.value! : idOf(name, spec, asked);
}

function codedOf(name: string, codec: Codec, { env, value }: Asked): string {
  const fault = codec.fault?.(value);
  if (fault !== undefined) throw parameter(`${name} ${fault}`, name);
  return String(codec.write(value, env));
}

/** Of one type the id, of several the type and the id. */
function idOf(name: string, { id = '', missing }: ValueSpec, { value, env, ...context }: Asked): string {
  const { targets, fault, write } = idCodec(id, context) as Required<Codec>;
  const wrong = fault(value);
  if (wrong !== undefined) throw missing ? leadsNowhere(missing, id, name) : parameter(`${name} ${wrong}`, name);
  const target = String(write(value, env));
  return targets.length > 1 ? target : target.slice(target.indexOf('/') + 1);
}

const idCodec = (types: string, { ids, aliases }: QueryContext): Codec =>
  codecOf({ as: `reference(${types})` }, { aliases, ids, resource: '' });
