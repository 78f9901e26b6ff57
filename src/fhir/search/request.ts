// Parses a search, as decoded parameters or as a URL (`Patient?name=x&_count=5`). https://hl7.org/fhir/R4/search.html
import { FhirError, invalid, notSupported } from '../outcome.ts';
import { isServed, type ServedType } from '../types.ts';
import { countLinks } from './chain.ts';
import { parseCondition, type SearchContext } from './condition.ts';
import { buildUnknownModifierError } from './errors.ts';
import type { Condition, Query } from './query.ts';
import type { SearchRegistry } from './registry.ts';
import {
  DEFAULT_COUNT,
  REPEATABLE_PARAMETERS,
  RESULT_MODIFIERS,
  RESULT_PARAMETERS,
  type SearchResultOptions,
} from './result-parameters.ts';

export interface SearchOptions {
  registry: SearchRegistry;
  /** This server's FHIR base URL, without a trailing slash. Absolute references below it are local. */
  baseUrl: string;
  /** strict: unsupported parameters are refused (400). lenient: they are ignored and reported. https://hl7.org/fhir/R4/search.html#errors */
  handling: 'strict' | 'lenient';
  /** All types of the search, from which includes may start. Default: the one type. */
  types?: readonly ServedType[];
  /** The current time, for `ap` on dates. */
  now?: Date;
}

export interface ParsedSearch {
  query: Query;
  /** The parameters that were applied, for the self link. */
  self: [name: string, value: string][];
  /** The names of ignored parameters (lenient handling only). */
  ignored: string[];
  summary?: 'count';
}

type ParsedParameter = { name: string } & (
  | { where: Condition; value: string }
  | { result: SearchResultOptions; value: string }
  | { ignored: true }
);

/** Parses a search for resources of `type` from decoded parameters. A `not-supported` or `invalid` error names the parameter. */
export function parseSearch(type: ServedType, parameters: readonly [name: string, value: string][], options: SearchOptions): ParsedSearch {
  validateParameters(parameters);
  const { registry, baseUrl, types = [type], now = new Date() } = options;
  const context = { registry, baseUrl, types, now };
  const all = parameters.map((given) => parseWithHandling(options.handling, given, () => parseParameter(context, type, given)));
  const results = all.flatMap((parameter) => ('result' in parameter ? parameter.result : []));
  const { sort = [], count = DEFAULT_COUNT, total = 'known', summary }: SearchResultOptions = Object.assign({}, ...results);
  const size = summary ? 0 : count;
  return {
    query: {
      type,
      where: all.flatMap((parameter) => ('where' in parameter ? parameter.where : [])),
      sort,
      count: size,
      total: size === 0 ? 'accurate' : total,
      include: results.flatMap(({ include = [] }) => include),
    },
    self: all.flatMap((parameter): [string, string][] => ('ignored' in parameter ? [] : [[parameter.name, parameter.value]])),
    ignored: all.flatMap((parameter) => ('ignored' in parameter ? parameter.name : [])),
    ...(summary && { summary }),
  };
}

interface ParseContext extends SearchContext {
  types: readonly ServedType[];
}

function parseParameter(context: ParseContext, type: ServedType, [name, value]: readonly [string, string]): ParsedParameter {
  const [, code = '', modifier] = /^([^:]*)(?::(.*))?$/s.exec(name)!;
  const reader = Object.hasOwn(RESULT_PARAMETERS, code) ? RESULT_PARAMETERS[code] : undefined;
  if (!reader) return { name, value, where: parseCondition(context, type, name, value) };
  const modifiers = RESULT_MODIFIERS[code] ?? [];
  if (modifier !== undefined && !modifiers.includes(modifier)) throw buildUnknownModifierError(code, modifier, modifiers);
  const result = reader(value, { type, types: context.types, registry: context.registry, modifier });
  return { name, value: result.used ?? value, result };
}

/** Lenient handling ignores empty and unsupported parameters. A malformed value is always refused. */
function parseWithHandling(
  handling: SearchOptions['handling'],
  [name, value]: readonly [string, string],
  attempt: () => ParsedParameter,
): ParsedParameter {
  if (handling === 'lenient' && value === '') return { name, ignored: true };
  try {
    return attempt();
  } catch (error) {
    if (handling === 'lenient' && error instanceof FhirError && error.kind === 'not-supported') return { name, ignored: true };
    throw error;
  }
}

/** Limits of a search. Each parameter and each link of a chain is a join, and the database's planning time grows faster than linearly with joins. */
const MAX_PARAMETERS = 50;
const MAX_LINKS = 50;

function validateParameters(parameters: readonly [name: string, value: string][]): void {
  if (parameters.length > MAX_PARAMETERS) throw invalid(`a search takes at most ${MAX_PARAMETERS} parameters`);
  if (parameters.reduce((sum, [name]) => sum + countLinks(name), 0) > MAX_LINKS)
    throw invalid(`the chains of a search have at most ${MAX_LINKS} links in all`);
  const single = parameters
    .map(([name]) => name)
    .filter((name) => Object.hasOwn(RESULT_PARAMETERS, name) && !REPEATABLE_PARAMETERS.has(name));
  const repeated = single.find((name, at) => single.indexOf(name) !== at);
  if (repeated) throw invalid(`${repeated} may occur only once`);
}

/** The type and the decoded parameters of `Type?…`, as mappings and Bundles contain it. A type that is not served is refused (400). */
export function parseSearchUrl(text: string): { type: ServedType; parameters: [name: string, value: string][] } {
  const at = text.indexOf('?');
  const type = at < 0 ? text : text.slice(0, at);
  if (!isServed(type)) throw notSupported('the search names a resource type that is not served');
  return { type, parameters: at < 0 ? [] : [...new URLSearchParams(text.slice(at + 1))] };
}
