// All searches by one search parameter: every form, prefix and modifier that it supports, each with a value that no resource has. Such a search has few or no
// matches, so a query plan that does not start from the value is wrong.
import type { CompositeComponent, ParameterKind } from '../../src/fhir/indexing/indexed-parameter.ts';
import { listModifiers } from '../../src/fhir/search/allowed-modifiers.ts';
import { isHierarchical } from '../../src/fhir/search/reference-parameter.ts';
import type { SearchParameter } from '../../src/fhir/search/registry.ts';
import { PREFIXES, type Prefix } from '../../src/fhir/search/search-value.ts';
import { buildTerminology } from '../../src/fhir/terminology/terminology.ts';
import type { CodeSystem, ValueSet } from '../../src/fhir/terminology/value-set.ts';

/** `form`: the form of the search in the terms of the specification (`:exact`, `ge`, `system|code`). Empty for the plain value. */
export interface Ask {
  form: string;
  modifier: string;
  value: string;
}

const SYSTEM = 'http://nobody.example/codes';
const UCUM = 'http://unitsofmeasure.org';
const VALUE_SET = 'http://nobody.example/value-set';

/** A value set and a hierarchy of codes that nobody uses, for `:in`, `:not-in`, `:above` and `:below`. */
export const terminology = buildTerminology([
  {
    resourceType: 'CodeSystem',
    url: SYSTEM,
    content: 'complete',
    concept: [{ code: 'top', concept: [{ code: 'nobody' }] }],
  } as CodeSystem,
  { resourceType: 'ValueSet', url: VALUE_SET, compose: { include: [{ system: SYSTEM, concept: [{ code: 'nobody' }] }] } } as ValueSet,
]);

const plain = (value: string, form = ''): Ask => ({ form, modifier: '', value });
const prefixed = (value: (prefix: Prefix) => string, form = ''): Ask[] =>
  PREFIXES.map((prefix) => plain(value(prefix), `${prefix}${form && ` ${form}`}`));

/** A list as long as clients send them. */
const hundreds = (value: (index: number) => string): Ask =>
  plain(Array.from({ length: 300 }, (_one, index) => value(index)).join(), 'hundreds');

/** A bound that nothing lies beyond. */
const EARLY: ReadonlySet<Prefix> = new Set<Prefix>(['lt', 'le', 'eb']);
const LATE: ReadonlySet<Prefix> = new Set<Prefix>(['gt', 'ge', 'sa']);
const date = (prefix: Prefix): string => `${prefix}${LATE.has(prefix) ? '2200' : EARLY.has(prefix) ? '1800' : '1800-01-01'}`;
const number = (prefix: Prefix): string => `${prefix}${EARLY.has(prefix) ? '-' : ''}123456789`;

const isBoolean = ({ types }: { types?: readonly string[] | undefined }): boolean => types?.every((type) => type === 'boolean') ?? false;

type Tokens = Pick<CompositeComponent, 'withoutSystem' | 'systems'> & { types?: readonly string[] | undefined };

function tokens({ withoutSystem, systems, types }: Tokens): Ask[] {
  if (isBoolean({ types })) return [plain('false', 'false')];
  const code = plain('nobody', 'code');
  if (withoutSystem) return [code, ...systems.slice(0, 1).map((system) => plain(`${system}|nobody`, 'system|code'))];
  return [
    code,
    plain(`${SYSTEM}|nobody`, 'system|code'),
    plain('|nobody', '|code'),
    plain(`${SYSTEM}|`, 'system|'),
    plain('nobody,other,another', 'several'),
    hundreds((n) => `nobody${n}`),
  ];
}

const PLAIN: Record<ParameterKind, (parameter: SearchParameter) => Ask[]> = {
  token: (parameter) => (parameter.code === '_id' ? [plain('nobody'), hundreds((n) => `nobody${n}`)] : tokens(parameter)),
  string: () => [plain('zznobody'), plain('zznobody,zzother', 'several'), hundreds((n) => `zznobody${n}`)],
  uri: () => [plain('http://nobody.example/x'), hundreds((n) => `http://nobody.example/${n}`)],
  date: () => [...prefixed(date), plain('1800-01-01,1801', 'several'), hundreds((n) => `1${500 + n}`)],
  number: () => prefixed(number),
  quantity: () => [
    ...prefixed(number),
    ...prefixed((prefix) => `${number(prefix)}|${UCUM}|kg`, 'number|system|code'),
    ...prefixed((prefix) => `${number(prefix)}||kg`, 'number||code'),
  ],
  reference: ({ targets = [], types }) =>
    types && !types.includes('Reference')
      ? [plain('http://nobody.example/x'), plain('http://nobody.example/x|1', 'url|version')]
      : [
          plain('nobody', 'id'),
          hundreds((n) => `${targets[0]}/nobody${n}`),
          plain(`${targets[0]}/nobody`, 'Type/id'),
          plain('http://nobody.example/x', 'url'),
        ],
  special: () => [plain('0|-30|5|km'), plain('0|-30|500|km', 'far')],
  composite: ({ parts = [] }) => composites(parts[0]!.components),
};

/** Each form of each component, together with the first form of the others. */
function composites(components: readonly CompositeComponent[]): Ask[] {
  const asks = components.map((component) =>
    asksOf(component.kind, component)
      .filter(({ form }) => form !== 'several' && form !== 'hundreds')
      .map(({ form, value }) => ({ form: form || component.kind, value })),
  );
  const firsts = asks.map(([first]) => first!);
  const join = (all: Pick<Ask, 'form' | 'value'>[]): Ask =>
    plain(all.map(({ value }) => value).join('$'), all.map(({ form }) => form).join('$'));
  return [join(firsts), ...asks.flatMap((own, at) => own.slice(1).map((ask) => join(firsts.with(at, ask))))];
}

const asksOf = (kind: ParameterKind, like: object): Ask[] => PLAIN[kind](like as SearchParameter);

/** Elements of type code have codes of the system they imply only. */
function conceptOf({ withoutSystem, systems }: SearchParameter): string {
  if (!withoutSystem) return `${SYSTEM}|nobody`;
  const system = systems.find((system) => terminology.findCodeSystem(system)?.concept?.length) ?? SYSTEM;
  return `${system}|${terminology.findCodeSystem(system)!.concept!.at(-1)!.code}`;
}

/** Modifier → its value, and what it is called here where that differs. */
const MODIFIED: Record<string, (parameter: SearchParameter) => Ask[]> = {
  missing: () => ['true', 'false'].map((value) => ({ form: `:missing=${value}`, modifier: 'missing', value })),
  text: () => [{ form: ':text', modifier: 'text', value: 'zznobody' }],
  'of-type': () => [{ form: ':of-type', modifier: 'of-type', value: `${SYSTEM}|XX|nobody` }],
  in: () => [{ form: ':in', modifier: 'in', value: VALUE_SET }],
  'not-in': () => [{ form: ':not-in', modifier: 'not-in', value: VALUE_SET }],
  exact: () => [{ form: ':exact', modifier: 'exact', value: 'Zznobody' }],
  contains: ({ substringIndexed }) => [
    { form: substringIndexed ? ':contains' : ':contains, not declared', modifier: 'contains', value: 'zznobody' },
  ],
  identifier: () => [{ form: ':identifier', modifier: 'identifier', value: `${SYSTEM}|nobody` }],
  not: (parameter) =>
    PLAIN.token(parameter)
      .slice(0, 1)
      .map(({ value }) => ({ form: ':not', modifier: 'not', value })),
};

function modified(parameter: SearchParameter, modifier: string): Ask[] {
  const known = MODIFIED[modifier];
  if (known) return known(parameter);
  if (modifier !== 'above' && modifier !== 'below') return [{ form: ':Type', modifier, value: 'nobody' }];
  return [{ form: `:${modifier}`, modifier, value: ALONG[parameter.type]!(parameter) }];
}

/** What `:above` and `:below` start from. */
const ALONG: Partial<Record<ParameterKind, (parameter: SearchParameter) => string>> = {
  token: conceptOf,
  uri: () => 'http://nobody.example/things/x',
  reference({ targets = [], types }) {
    const climbed = types && !types.includes('Reference') ? undefined : targets.find(isHierarchical);
    return climbed === undefined ? 'http://nobody.example/x|1' : `${climbed}/nobody`;
  },
};

/** All searches by a parameter. */
export const allAsks = (parameter: SearchParameter): Ask[] => [
  ...PLAIN[parameter.type](parameter),
  ...listModifiers(parameter).flatMap((modifier) => modified(parameter, modifier)),
];
