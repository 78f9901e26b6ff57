// Random searches of a world: values are taken from the resources themselves, so that searches find something.
import { ASKED, type Asked, compositeOf } from './asked.ts';
import { type Held, parametersOf, targets, valuesOf } from './brute.ts';
import type { FilterQuestion, FilterTest } from './brute-filter.ts';
import type { Include } from './brute-include.ts';
import type { SpecParameter } from './spec-values.ts';
import { pick, type Random } from './world.ts';

export interface Question {
  type: string;
  parameters: [name: string, value: string][];
  sort: string[];
  filter?: FilterQuestion;
  includes?: Include[];
}

/** A parameter of a type. */
export interface Subject {
  type: string;
  code: string;
}

/** Compared by sound: other tests hold it. */
const SKIPPED = new Set(['phonetic']);

/** Every parameter of every type. */
export const subjectsOf = (types: readonly string[]): Subject[] =>
  types.flatMap((type) => listParameters(type).map(({ code }) => ({ type, code })));

const listParameters = (type: string): SpecParameter[] => [...parametersOf(type).values()].filter(({ code }) => !SKIPPED.has(code));
const ofType = (world: readonly Held[], type: string): Held[] => world.filter(({ resourceType }) => resourceType === type);

/**
 * A search of a type that asks about a parameter: alone or with up to two others, in an order, in a `_filter`, or with included resources. Undefined: no resource
 * has a value to ask for.
 */
export function questionOf(random: Random, world: readonly Held[], { type, code }: Subject): Question | undefined {
  const one = parametersOf(type).get(code)!;
  const kind = random();
  if (kind < 0.25 && BOUNDED.has(one.kind)) return boundedQuestion(random, one, type, world);
  const first = asking(random, one, type, world);
  if (!first) return undefined;
  if (kind < 0.35) {
    const filter = filterOf(random, first, type, world);
    if (filter) return { type, parameters: [], sort: [], filter };
  }
  const others = Array.from({ length: Math.floor(random() * 2.2) }, () => parameter(random, type, world, 2)).filter(
    (other) => other !== undefined,
  );
  const includes = random() < 0.15 ? includesOf(random, type, world) : [];
  return { type, parameters: [first, ...others], sort: random() < 0.4 ? sortOf(random, type) : [], ...(includes.length && { includes }) };
}

const SORTED = new Set(['string', 'date', 'number', 'quantity', 'token', 'reference', 'uri']);

function sortOf(random: Random, type: string): string[] {
  const sortable = listParameters(type).filter(({ kind }) => SORTED.has(kind));
  const sort = Array.from({ length: 1 + Math.floor(random() * 2) }, () => `${random() < 0.5 ? '-' : ''}${pick(random, sortable).code}`);
  return [...new Map(sort.map((one) => [one.replace(/^-/, ''), one])).values()];
}

/** Kinds whose conditions are ranges. */
const BOUNDED = new Set(['date', 'number', 'quantity', 'string', 'uri']);

/** One to three conditions on a parameter that also gives the order; sometimes with another condition or a further key. */
function boundedQuestion(random: Random, one: SpecParameter, type: string, world: readonly Held[]): Question | undefined {
  const pool = ofType(world, type).flatMap((resource) => valuesOf(resource, one.code));
  if (!pool.length) return undefined;
  const conditions = Array.from({ length: 1 + Math.floor(random() * 2.5) }, () => ASKED[one.kind]!(random, pick(random, pool), one));
  const parameters = conditions.flatMap((asked) => (asked === undefined ? [] : [named(one, asked)]));
  if (!parameters.length) return undefined;
  const other = random() < 0.3 ? parameter(random, type, world, 1) : undefined;
  const further = random() < 0.3 ? sortOf(random, type).map((key) => key.replace(/^-/, '')) : [];
  const sort = [...new Set([one.code, ...further])].map((code) => `${random() < 0.5 ? '-' : ''}${code}`);
  return { type, parameters: [...parameters, ...(other ? [other] : [])], sort };
}

const named = ({ code }: SpecParameter, [modifier, value]: [string, string]): [string, string] => [
  modifier === '' ? code : `${code}:${modifier}`,
  value,
];

function parameter(random: Random, type: string, world: readonly Held[], depth: number): [string, string] | undefined {
  if (depth > 0 && random() < 0.15) return chained(random, type, world, depth);
  if (depth > 0 && random() < 0.1) return reversed(random, type, world, depth);
  return asking(random, pick(random, listParameters(type)), type, world);
}

/** Kinds that take no modifiers. */
const BARE = new Set(['composite', 'special']);

/** A condition on a parameter: `:missing`, or a value that a resource has, or two. */
function asking(random: Random, one: SpecParameter, type: string, world: readonly Held[]): [string, string] | undefined {
  if (!BARE.has(one.kind) && random() < 0.08) return [`${one.code}:missing`, pick(random, ['true', 'false'])];
  const pool = ofType(world, type).flatMap((resource) => valuesOf(resource, one.code).map((value) => ({ resource, value })));
  if (!pool.length) return undefined;
  const ask = (): Asked => {
    const { resource, value } = pick(random, pool);
    return one.kind === 'composite' ? compositeOf(random, value, one, resource) : ASKED[one.kind]!(random, value, one);
  };
  const asked = ask() ?? ask() ?? ask() ?? ask();
  if (asked === undefined) return undefined;
  const other = random() < 0.2 && asked[0] === '' ? ask() : undefined;
  const value = other && other[0] === '' ? `${asked[1]},${other[1]}` : asked[1];
  const long = one.kind === 'token' && ['', 'not'].includes(asked[0]) && !/^(true|false)/.test(value) && random() < 0.15 ? NOBODYS : '';
  return named(one, [asked[0], value + long]);
}

/** Codes that nobody has: lists as long as this are looked up in another way. */
const NOBODYS = Array.from({ length: 10 }, (_one, nth) => `,nobody${nth}`).join('');

function chained(random: Random, type: string, world: readonly Held[], depth: number): [string, string] | undefined {
  const links = listParameters(type).filter(({ kind }) => kind === 'reference');
  if (!links.length) return undefined;
  const link = pick(random, links);
  const led = ofType(world, type).flatMap((one) => targets(one, link.code));
  const target = led.length ? pick(random, led).split('/')[0]! : undefined;
  if (target === undefined || !link.targets.includes(target) || !ofType(world, target).length) return undefined;
  const rest = parameter(random, target, world, depth - 1);
  return rest && [`${link.code}${link.targets.length === 1 ? '' : `:${target}`}.${rest[0]}`, rest[1]];
}

function reversed(random: Random, type: string, world: readonly Held[], depth: number): [string, string] | undefined {
  const links = referrersTo(type, world);
  if (!links.length) return undefined;
  const { type: other, code } = pick(random, links);
  const rest = parameter(random, other, world, depth - 1);
  return rest && !rest[0].includes('.') ? [`_has:${other}:${code}:${rest[0]}`, rest[1]] : undefined;
}

/** The parameters by which resources of the world refer to resources of a type. */
function referrersTo(type: string, world: readonly Held[]): Subject[] {
  const known = remembered.get(world) ?? new Map<string, Subject[]>();
  remembered.set(world, known);
  if (!known.has('')) {
    known.set('', []);
    for (const other of new Set(world.map(({ resourceType }) => resourceType)))
      for (const { code, kind, targets: possible } of listParameters(other)) {
        if (kind !== 'reference') continue;
        const led = new Set(ofType(world, other).flatMap((one) => targets(one, code).map((target) => target.split('/')[0]!)));
        for (const target of led) if (possible.includes(target)) known.set(target, [...(known.get(target) ?? []), { type: other, code }]);
      }
  }
  return known.get(type) ?? [];
}

/** World → type → what refers to it. */
const remembered = new WeakMap<readonly Held[], Map<string, Subject[]>>();

/** Modifier of a condition and kind of its parameter → the operation of `_filter`. */
const OPERATIONS: Record<string, string> = { 'string contains': 'co', 'string ': 'sw', 'token ': 'is', 'uri ': 'is', 'reference ': 're' };
const PREFIXED = new Set(['date', 'number', 'quantity']);

function filterOf(random: Random, first: [string, string], type: string, world: readonly Held[]): FilterQuestion | undefined {
  const others = Array.from({ length: Math.floor(random() * 3) }, () => parameter(random, type, world, 0));
  const tests = [first, ...others].flatMap((one): FilterTest[] => {
    const test = one && filterTest(one, type);
    return test ? [{ ...test, negated: random() < 0.2 }] : [];
  });
  return tests.length ? { joiner: pick(random, ['and', 'or'] as const), tests } : undefined;
}

function filterTest([name, value]: [string, string], type: string): Omit<FilterTest, 'negated'> | undefined {
  const [code = '', modifier = ''] = name.split(':');
  if (modifier === 'missing') return { code, op: 'pr', value: value === 'true' ? 'false' : 'true' };
  if (value.includes(',')) return undefined;
  const { kind } = parametersOf(type).get(code)!;
  if (!PREFIXED.has(kind)) {
    const op = OPERATIONS[`${kind} ${modifier}`];
    return op === undefined ? undefined : { code, op, value };
  }
  const [, prefix = 'eq', rest] = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)$/s.exec(value)!;
  return { code, op: prefix, value: rest! };
}

function includesOf(random: Random, type: string, world: readonly Held[]): Include[] {
  const own = listParameters(type).filter(
    ({ kind, code }) => kind === 'reference' && ofType(world, type).some((one) => targets(one, code).length),
  );
  const ways = [
    ...own.map(({ code }) => ({ name: '_include' as const, value: `${type}:${code}` })),
    ...referrersTo(type, world).map((one) => ({ name: '_revinclude' as const, value: `${one.type}:${one.code}` })),
  ];
  if (!ways.length) return [];
  return Array.from({ length: 1 + Math.floor(random() * 2) }, (): Include => {
    const { name, value } = pick(random, ways);
    return { name: random() < 0.3 ? `${name}:iterate` : name, value };
  });
}
