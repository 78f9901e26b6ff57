// Reads a search as FHIR writes it (names and values of a query string) into a Query. https://hl7.org/fhir/R4/search.html
import { FhirError, invalid } from '../outcome.ts';
import type { ServedType } from '../types.ts';
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
  /** This server's FHIR base URL, without a trailing slash: absolute references under it are local ones. */
  baseUrl: string;
  /** strict: what is not understood is refused (400); lenient: it is left out and reported. https://hl7.org/fhir/R4/search.html#errors */
  handling: 'strict' | 'lenient';
  /** All types the search is of; this one alone, when absent. What is included may start from each. */
  types?: readonly ServedType[];
  /** The time that `ap` on dates is measured from. */
  now?: Date;
}

export interface ParsedSearch {
  query: Query;
  /** The parameters as they were used, for the self link. */
  self: [name: string, value: string][];
  /** Names that were left out (lenient handling only). */
  ignored: string[];
  summary?: 'count';
}

type ParsedParameter = { name: string } & (
  | { where: Condition; value: string }
  | { result: SearchResultOptions; value: string }
  | { ignored: true }
);

/** The search for resources of `type` with these decoded parameters. Fails with `not-supported` or `invalid`, naming the parameter. */
export function parseSearch(type: ServedType, parameters: readonly [name: string, value: string][], options: SearchOptions): ParsedSearch {
  validateParameters(parameters);
  const { registry, baseUrl, types = [type], now = new Date() } = options;
  const context = { registry, baseUrl, types, now };
  const all = parameters.map((given) => parseWithHandling(options.handling, given, () => parseParameter(context, type, given)));
  const results = all.flatMap((one) => ('result' in one ? one.result : []));
  const { sort = [], count = DEFAULT_COUNT, total = 'none', summary }: SearchResultOptions = Object.assign({}, ...results);
  const size = summary ? 0 : count;
  return {
    query: {
      type,
      where: all.flatMap((one) => ('where' in one ? one.where : [])),
      sort,
      count: size,
      total: size === 0 ? 'accurate' : total,
      include: results.flatMap(({ include = [] }) => include),
    },
    self: all.flatMap((one): [string, string][] => ('ignored' in one ? [] : [[one.name, one.value]])),
    ignored: all.flatMap((one) => ('ignored' in one ? one.name : [])),
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

/** Lenient handling leaves out what is empty or not supported; a value that cannot be read is refused either way. */
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

/** Each parameter is one more join, and so is each link of a chain: the database plans them in more than linear time. */
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
  if (repeated) throw invalid(`${repeated} may stand only once`);
}
