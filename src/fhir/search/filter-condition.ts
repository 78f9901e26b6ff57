// What a `_filter` means: each test in terms of the search parameters, by the kind of the parameter. https://hl7.org/fhir/R4/search_filter.html#ops
// docs/decisions/0006-search-semantics.md

import { dateRange } from '../date-range.ts';
import { fold } from '../indexing/fold.ts';
import type { ParameterKind } from '../indexing/parameter.ts';
import { invalid, notSupported } from '../outcome.ts';
import { isServed, type ServedType } from '../types.ts';
import { ofEachType } from './condition-of-types.ts';
import { anyOf } from './condition-sentences.ts';
import { type Filter, type FilterStep, parseFilter } from './filter-syntax.ts';
import { linkOf } from './link.ts';
import type { Registry, SearchParameter } from './parameters.ts';
import type { Condition, TextTest } from './query.ts';
import { unknownParameter } from './refusal.ts';

/** Reads `name=value` of a type, as it stands in a query string. */
type Read = (type: ServedType, name: string, value: string) => Condition;

interface Context {
  registry: Registry;
  read: Read;
}

/** A filter of resources of a type. */
export function filterCondition(text: string, type: ServedType, registry: Registry, read: Read): Condition {
  return conditionOf(parseFilter(text), type, { registry, read });
}

function conditionOf(filter: Filter, type: ServedType, context: Context): Condition {
  if (filter.on === 'not') return { on: 'not', condition: conditionOf(filter.filter, type, context) };
  if (filter.on === 'test') return along(filter.path, filter, type, context);
  const [left, right] = [conditionOf(filter.left, type, context), conditionOf(filter.right, type, context)];
  return filter.on === 'and' ? { on: 'and', all: [left, right] } : anyOf([left, right]);
}

interface Test {
  op: string;
  value: string;
}

/** `subject[gender eq male].name co "pet"`: all of it holds of one and the same subject. */
function along([step, ...rest]: FilterStep[], test: Test, type: ServedType, context: Context): Condition {
  const { name, filter } = step!;
  if (!rest.length) return tested(name, test, type, context);
  const { number, targets } = linkOf(context.registry, type, name);
  const led = targets.filter(isServed).filter((target) => context.registry.lookup(target, rest[0]!.name));
  if (!led.length)
    throw notSupported(`nothing that ${type}.${name} leads to is served and has the search parameter ${rest[0]!.name.slice(0, 64)}`);
  const each = led.map((target): [ServedType, Condition] => {
    const end = along(rest, test, target, context);
    return [target, filter ? { on: 'and', all: [conditionOf(filter, target, context), end] } : end];
  });
  return { on: 'chain', parameters: [number], types: led, where: [ofEachType(each)] };
}

function tested(name: string, { op, value }: Test, type: ServedType, { registry, read }: Context): Condition {
  const parameter = registry.lookup(type, name);
  if (!parameter) throw unknownParameter(registry, type, name);
  const operations = OPERATIONS[parameter.type];
  if (!Object.hasOwn(operations, op))
    throw notSupported(
      `_filter: ${name} is of kind ${parameter.type}, which takes ${Object.keys(operations).join(', ') || 'no operation'}${op === 'ne' ? '; not (… eq …) says that nothing is equal' : ''}`,
    );
  return operations[op]!(parameter, value, (modifier, text) => read(type, modifier === '' ? name : `${name}:${modifier}`, text));
}

type Operation = (parameter: SearchParameter, value: string, plain: (modifier: string, value: string) => Condition) => Condition;

/** A value as a query string writes it: what would part it there is meant as a letter here. */
const escaped = (value: string): string => value.replace(/[\\,$]/g, '\\$&');
const asModified =
  (modifier: string): Operation =>
  (_parameter, value, plain) =>
    plain(modifier, escaped(value));
const asPrefixed =
  (prefix: string): Operation =>
  (_parameter, value, plain) =>
    plain('', prefix + escaped(value));
const prefixed = Object.fromEntries(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'].map((op) => [op, asPrefixed(op)]));

const present: Operation = ({ code }, value, plain) => {
  if (value !== 'true' && value !== 'false') throw invalid(`_filter: ${code} pr takes true or false`);
  return plain('missing', value === 'true' ? 'false' : 'true');
};

/** Folded texts hold no control characters: so what comes right after one begins here. */
const AFTER = '\u0001';
const LAST = '\u{10ffff}';

const ordered =
  (tests: (norm: string, infix: boolean) => TextTest[]): Operation =>
  ({ code, number, infix }, value) => {
    const norm = fold(value);
    if (norm === '') throw invalid(`_filter: ${code} needs a value`);
    return { on: 'string', parameter: number, any: tests(norm, infix) };
  };

const TEXTS: Record<string, Operation> = {
  eq: ordered((equals) => [{ equals }]),
  ne: ordered((norm) => [
    { from: '', to: norm },
    { from: norm + AFTER, to: LAST },
  ]),
  co: asModified('contains'),
  sw: asModified(''),
  ew: ordered((ends, infix) => [{ ends, infix }]),
  gt: ordered((norm) => [{ from: norm + AFTER, to: LAST }]),
  ge: ordered((from) => [{ from, to: LAST }]),
  lt: ordered((to) => [{ from: '', to }]),
  le: ordered((norm) => [{ from: '', to: norm + AFTER }]),
};

/** `pr` and the operations above, unless names are compared by sound. */
const ofTexts =
  (op: Operation): Operation =>
  (parameter, value, plain) => {
    if (parameter.phonetic) throw notSupported(`_filter: ${parameter.code} takes pr only`);
    return op(parameter, value, plain);
  };

/** A period of the set holds all of the value's (co), or a part of it (po). */
const period =
  (op: 'co' | 'po'): Operation =>
  ({ code, number }, value) => {
    const range = dateRange(value);
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
const SYSTEMS: Record<string, string> = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  ucum: 'http://unitsofmeasure.org',
};
const coded =
  (modifier: string): Operation =>
  (_parameter, value, plain) =>
    plain(modifier, escaped(value.replace(/^(loinc|snomed|rxnorm|ucum)\|/, (_all, name: string) => `${SYSTEMS[name]}|`)));

/** Kind of parameter → the operations it takes. https://hl7.org/fhir/R4/search_filter.html#ops */
export const OPERATIONS: Record<ParameterKind, Record<string, Operation>> = {
  string: { ...Object.fromEntries(Object.entries(TEXTS).map(([op, operation]) => [op, ofTexts(operation)])), pr: present },
  number: { ...prefixed, pr: present },
  quantity: { ...prefixed, pr: present },
  date: { ...prefixed, co: period('co'), po: period('po'), pr: present },
  token: { eq: coded(''), ss: coded('below'), sb: coded('above'), in: asModified('in'), ni: asModified('not-in'), pr: present },
  reference: { re: asModified(''), pr: present },
  uri: { eq: asModified(''), pr: present },
  composite: {},
  special: {},
};
