// Translates a `_filter` into conditions on search parameters, by the kind of each parameter. https://hl7.org/fhir/R4/search_filter.html#ops
// docs/decisions/0006-search-semantics.md

import { parseDateRange } from '../date-range.ts';
import type { ParameterKind } from '../indexing/indexed-parameter.ts';
import { foldText } from '../indexing/text-folding.ts';
import { invalid, notSupported } from '../outcome.ts';
import { isServed, type ServedType } from '../types.ts';
import { combineByType } from './combine-types.ts';
import { buildUnknownParameterError } from './errors.ts';
import { type Filter, type FilterStep, parseFilter } from './filter-syntax.ts';
import { type Condition, combineWithOr, type TextTest } from './query.ts';
import { findReferenceParameter } from './reference-parameter.ts';
import type { SearchParameter, SearchRegistry } from './registry.ts';
import { toTextRows } from './string-condition.ts';

/** Parses `name=value` of a query string for a type. */
type ParseParameter = (type: ServedType, name: string, value: string) => Condition;

interface Context {
  registry: SearchRegistry;
  parse: ParseParameter;
}

/** Parses a filter for resources of a type. */
export function parseFilterCondition(text: string, type: ServedType, registry: SearchRegistry, parse: ParseParameter): Condition {
  return toCondition(parseFilter(text), type, { registry, parse });
}

function toCondition(filter: Filter, type: ServedType, context: Context): Condition {
  if (filter.on === 'not') return { on: 'not', condition: toCondition(filter.filter, type, context) };
  if (filter.on === 'test') return toPathCondition(filter.path, filter, type, context);
  const [left, right] = [toCondition(filter.left, type, context), toCondition(filter.right, type, context)];
  return filter.on === 'and' ? { on: 'and', all: [left, right] } : combineWithOr([left, right]);
}

interface Test {
  op: string;
  value: string;
}

/** `subject[gender eq male].name co "pet"`: all tests must hold for the same subject. */
function toPathCondition([step, ...rest]: FilterStep[], test: Test, type: ServedType, context: Context): Condition {
  const { name, filter } = step!;
  if (!rest.length) return toTestCondition(name, test, type, context);
  const { number, targets } = findReferenceParameter(context.registry, type, name);
  const followed = targets.filter(isServed).filter((target) => context.registry.lookup(target, rest[0]!.name));
  if (!followed.length)
    throw notSupported(`no served target type of ${type}.${name} has the search parameter ${rest[0]!.name.slice(0, 64)}`);
  const each = followed.map((target): [ServedType, Condition] => {
    const end = toPathCondition(rest, test, target, context);
    return [target, filter ? { on: 'and', all: [toCondition(filter, target, context), end] } : end];
  });
  return { on: 'chain', parameters: [number], types: followed, where: [combineByType(each)] };
}

function toTestCondition(name: string, { op, value }: Test, type: ServedType, { registry, parse }: Context): Condition {
  const parameter = registry.lookup(type, name);
  if (!parameter) throw buildUnknownParameterError(registry, type, name);
  const operations = parameter.fullText ? FULL_TEXT_OPERATIONS : FILTER_OPERATIONS[parameter.type];
  if (!Object.hasOwn(operations, op))
    throw notSupported(
      `_filter: ${name} is of kind ${parameter.type}, which takes ${Object.keys(operations).join(', ') || 'no operation'}${op === 'ne' ? '; to test that no value is equal, write not (… eq …)' : ''}`,
    );
  return operations[op]!(parameter, value, (modifier, text) => parse(type, modifier === '' ? name : `${name}:${modifier}`, text));
}

type FilterOperation = (parameter: SearchParameter, value: string, plain: (modifier: string, value: string) => Condition) => Condition;

/** Escapes a value for a query string: its separators are literal characters in a filter. */
const escapeValue = (value: string): string => value.replace(/[\\,$]/g, '\\$&');
const withModifier =
  (modifier: string): FilterOperation =>
  (_parameter, value, plain) =>
    plain(modifier, escapeValue(value));
const withPrefix =
  (prefix: string): FilterOperation =>
  (_parameter, value, plain) =>
    plain('', prefix + escapeValue(value));
/** `_text co "bone or liver"`: the value is that of the parameter. */
const FULL_TEXT_OPERATIONS: Readonly<Record<string, FilterOperation>> = { co: withModifier('') };
const PREFIX_OPERATIONS = Object.fromEntries(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'].map((op) => [op, withPrefix(op)]));

const testPresence: FilterOperation = ({ code }, value, plain) => {
  if (value !== 'true' && value !== 'false') throw invalid(`_filter: ${code} pr takes true or false`);
  return plain('missing', value === 'true' ? 'false' : 'true');
};

/** The first character after the end of a folded text, for a range that ends there. Folded texts contain no control characters. */
const AFTER = '\u0001';
const LAST = '\u{10ffff}';

const buildTextOperation =
  (tests: (norm: string, infix: boolean) => TextTest[]): FilterOperation =>
  ({ code, substringIndexed, ...parameter }, value) => {
    const norm = foldText(value);
    if (norm === '') throw invalid(`_filter: ${code} needs a value`);
    return { on: 'string', ...toTextRows(parameter), any: tests(norm, substringIndexed) };
  };

const TEXT_OPERATIONS: Record<string, FilterOperation> = {
  eq: buildTextOperation((equals) => [{ equals }]),
  ne: buildTextOperation((norm) => [
    { from: '', to: norm },
    { from: norm + AFTER, to: LAST },
  ]),
  co: withModifier('contains'),
  sw: withModifier(''),
  ew: buildTextOperation((ends, infix) => [{ ends, infix }]),
  gt: buildTextOperation((norm) => [{ from: norm + AFTER, to: LAST }]),
  ge: buildTextOperation((from) => [{ from, to: LAST }]),
  lt: buildTextOperation((to) => [{ from: '', to }]),
  le: buildTextOperation((norm) => [{ from: '', to: norm + AFTER }]),
};

/** Wraps an operation so that phonetic parameters refuse it. They support `pr` only. */
const exceptPhonetic =
  (op: FilterOperation): FilterOperation =>
  (parameter, value, plain) => {
    if (parameter.phonetic) throw notSupported(`_filter: ${parameter.code} takes pr only`);
    return op(parameter, value, plain);
  };

/** A period of the resource contains the searched period (co), or overlaps it (po). */
const buildPeriodOperation =
  (op: 'co' | 'po'): FilterOperation =>
  ({ code, number }, value) => {
    const range = parseDateRange(value);
    if (!range || code === '_lastUpdated') throw invalid(`_filter: ${code} ${op} takes a date, and is not for _lastUpdated`);
    const [first, second] = op === 'co' ? (['<=', '>='] as const) : (['<', '>'] as const);
    const [from, to] = op === 'co' ? [range.from, range.to] : [range.to, range.from];
    return {
      on: 'date',
      parameter: number,
      any: [
        [
          { column: 'from', op: first, at: from },
          { column: 'to', op: second, at: to },
        ],
      ],
    };
  };

/** "The codes loinc, snomed, rxnorm and ucum are predefined and can be used in place of their associated full namespace." */
const NAMED_SYSTEMS: Record<string, string> = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  ucum: 'http://unitsofmeasure.org',
};
const buildTokenOperation =
  (modifier: string): FilterOperation =>
  (_parameter, value, plain) =>
    plain(modifier, escapeValue(value.replace(/^(loinc|snomed|rxnorm|ucum)\|/, (_all, name: string) => `${NAMED_SYSTEMS[name]}|`)));

/** Kind of parameter → its operations. https://hl7.org/fhir/R4/search_filter.html#ops */
export const FILTER_OPERATIONS: Record<ParameterKind, Record<string, FilterOperation>> = {
  string: {
    ...Object.fromEntries(Object.entries(TEXT_OPERATIONS).map(([op, operation]) => [op, exceptPhonetic(operation)])),
    pr: testPresence,
  },
  number: { ...PREFIX_OPERATIONS, pr: testPresence },
  quantity: { ...PREFIX_OPERATIONS, pr: testPresence },
  date: { ...PREFIX_OPERATIONS, co: buildPeriodOperation('co'), po: buildPeriodOperation('po'), pr: testPresence },
  token: {
    eq: buildTokenOperation(''),
    ss: buildTokenOperation('below'),
    sb: buildTokenOperation('above'),
    in: withModifier('in'),
    ni: withModifier('not-in'),
    pr: testPresence,
  },
  reference: { re: withModifier(''), pr: testPresence },
  uri: { eq: withModifier(''), pr: testPresence },
  composite: {},
  special: {},
};
