// A vendor's query parameters → a FHIR search, so that the store filters and nothing is filtered in memory.
import { fold } from '../fhir/indexing/fold.ts';
import { parameter } from '../fhir/outcome.ts';
import type { Aliases } from '../fhir/path/path.ts';
import { isServed } from '../fhir/types.ts';
import type { Ids } from './ids.ts';
import { type Codec, codecOf } from './lens/codecs.ts';
import { searchText } from './search-text.ts';
import type { Env, Shape } from './shape.ts';
import type { MappingSpec, SearchSpec } from './spec.ts';

interface QueryContext {
  aliases: Aliases;
  ids: Ids;
}

/** A parameter, and how its value is taken where that is not as it comes. */
interface Rule {
  name: string;
  spec: Exclude<SearchSpec, string>;
  codec: Codec | undefined;
}

/** `filters`, `query` and `asked` of a shape. `fault` is told what is wrong, with the keys that lead to it. */
export function queryOf(
  { resource, search = {}, sort }: MappingSpec,
  context: QueryContext,
  fault: (keys: string[], error: unknown) => void,
): Pick<Shape, 'filters' | 'query' | 'asked'> {
  const rules = Object.entries(search).map(([name, spec]): Rule => {
    const whole = typeof spec === 'string' ? { fhir: spec } : spec;
    const made = (word: string, make: () => Codec | undefined): Codec | undefined => {
      try {
        return make();
      } catch (error) {
        fault(['search', name, word], error);
        return undefined;
      }
    };
    if ('id' in whole && whole.id !== undefined) made('id', () => idCodec(whole.id!, context));
    return { name, spec: whole, codec: made('as', () => filterCodec(whole)) };
  });
  return {
    filters: rules.map(({ name }) => name),
    query(parameters, env) {
      const parts = rules.flatMap((rule) => partsOf(rule, { ...context, env, value: parameters[rule.name] }));
      return `${resource}?${[...parts, ...(sort ? [`_sort=${sort}`] : [])].join('&')}`;
    },
    asked: (parameters) =>
      rules.flatMap(({ name, spec }) => {
        const value = parameters[name];
        const led = 'id' in spec && spec.id !== undefined && value !== undefined ? idCodec(spec.id, context).leads!(value) : undefined;
        return led && isServed(led.type) ? [{ type: led.type, id: led.id }] : [];
      }),
  };
}

/** How a filter takes its value where the vendor has a form of its own for it (`as`). */
export const filterCodec = (spec: SearchSpec): Codec | undefined =>
  typeof spec === 'object' && 'fhir' in spec && spec.as !== undefined
    ? codecOf({ as: spec.as }, { aliases: {}, ids: NO_IDS, resource: '' })
    : undefined;

const NO_IDS: Ids = { showId: (_, id) => id, readId: () => undefined };

/** A value that each `{}` of a filter could have. */
export function sampleOf(spec: SearchSpec): string {
  const as = typeof spec === 'object' && 'as' in spec ? spec.as : undefined;
  if (as === undefined) return 'x';
  return as.startsWith('date') ? '2000-01-01' : '2000-01-01T00:00:00.000Z';
}

interface Asked extends QueryContext {
  env: Env;
  value: string | undefined;
}

/** What one parameter adds to the search. */
function partsOf({ name, spec, codec }: Rule, asked: Asked): string[] {
  const { value, aliases } = asked;
  if ('each' in spec) return searchedWords(name, value).map((word) => searchText(spec.each, aliases, { '': word }));
  if ('words' in spec) return value === undefined ? [] : [searchText(wordOf(name, spec.words, value), aliases, {})].filter(Boolean);
  if (spec.required && words(value).length === 0) throw parameter(`${name} is required`, name);
  if (value === undefined || (value.trim() === '' && spec.id === undefined)) return [];
  return [searchText(spec.fhir, aliases, { '': takenAs({ name, codec }, spec.id, asked) })];
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

function takenAs({ name, codec }: Pick<Rule, 'name' | 'codec'>, id: string | undefined, asked: Asked): string {
  if (codec) return codedOf(name, codec, asked);
  return id === undefined ? asked.value! : idOf(name, id, asked);
}

function codedOf(name: string, codec: Codec, { env, value }: Asked): string {
  const fault = codec.fault?.(value);
  if (fault !== undefined) throw parameter(`${name} ${fault}`, name);
  return String(codec.write(value, env));
}

/** Of one type the id, of several the type and the id. */
function idOf(name: string, types: string, { value, env, ...context }: Asked): string {
  const { targets, fault, write } = idCodec(types, context) as Required<Codec>;
  const wrong = fault(value);
  if (wrong !== undefined) throw parameter(`${name} ${wrong}`, name);
  const target = String(write(value, env));
  return targets.length > 1 ? target : target.slice(target.indexOf('/') + 1);
}

const idCodec = (types: string, { ids, aliases }: QueryContext): Codec =>
  codecOf({ as: `reference(${types})` }, { aliases, ids, resource: '' });
