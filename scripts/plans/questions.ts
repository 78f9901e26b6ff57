// All searches to explain: each parameter of each served type in every form, and searches that follow references. They are built from the table by which the
// server parses searches, so a new parameter or modifier is included.
import { COMPARTMENT_TYPES, listCompartmentTypes } from '../../src/fhir/search/compartment.ts';
import { FILTER_OPERATIONS } from '../../src/fhir/search/filter-condition.ts';
import { isFollowable } from '../../src/fhir/search/reference-parameter.ts';
import type { SearchParameter, SearchRegistry } from '../../src/fhir/search/registry.ts';
import { isSortable } from '../../src/fhir/search/result-parameters.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../../src/fhir/types.ts';
import { type Ask, allAsks } from './asks.ts';

/** `name`: the kind of search, the same for all parameters of a kind: for example for `Patient?birthdate=ge2000` and `Observation?date=ge2000`. */
export interface Question {
  name: string;
  types: readonly ServedType[];
  parameters: [name: string, value: string][];
  /** The compartment that is searched. */
  within?: ServedType;
}

const nameOf = ({ type }: SearchParameter, { form }: Ask): string => (form.startsWith(':missing') ? form : `${type} ${form}`.trim());
const written = (code: string, { modifier, value }: Ask): [string, string] => [modifier ? `${code}:${modifier}` : code, value];

/** All of them, for a registry whose terminology is that of asks.ts. */
export const questionsOf = (registry: SearchRegistry): Question[] => [
  ...SERVED_TYPES.flatMap((type) => registry.list(type).flatMap((parameter) => ofParameter(registry, type, parameter))),
  ...compartments(),
  ...ofSystem(registry),
];

function ofParameter(registry: SearchRegistry, type: ServedType, parameter: SearchParameter): Question[] {
  const questions = allAsks(parameter).map((ask) => ({
    name: nameOf(parameter, ask),
    types: [type],
    parameters: [written(parameter.code, ask)],
  }));
  return [
    ...questions,
    ...filters(type, parameter),
    ...sorts([type], parameter),
    ...(isFollowable(parameter) ? links(registry, type, parameter) : []),
  ];
}

/** `_sort` both ways, of all and of those that a value leads to. */
function sorts(types: ServedType[], parameter: SearchParameter): Question[] {
  const { code, shared } = parameter;
  const value = shared && !shared.isOrdered ? 'shared text' : parameter.type;
  const kind = code.startsWith('_') && (code === '_id' || code === '_lastUpdated') ? code : value;
  if (!isSortable(parameter)) return [];
  return ['', '-'].flatMap((direction) => [
    { name: `_sort by ${kind}`, types, parameters: [['_sort', `${direction}${code}`]] },
    {
      name: `_sort by ${kind}, beside a condition`,
      types,
      parameters: [
        ['_tag', 'nobody'],
        ['_sort', `${direction}${code}`],
      ],
    },
  ]);
}

/** Kind → a value as `_filter` writes it, that nobody has. */
const FILTERED: Partial<Record<SearchParameter['type'], (op: string) => string>> = {
  string: (op) => (op === 'gt' || op === 'ge' ? '"zzzz"' : op === 'lt' || op === 'le' ? '"!"' : '"zznobody"'),
};

function filters(type: ServedType, parameter: SearchParameter): Question[] {
  const asks = allAsks(parameter);
  return Object.keys(FILTER_OPERATIONS[parameter.type]).flatMap((op) => {
    if (parameter.phonetic && op !== 'pr') return [];
    if (parameter.code === '_lastUpdated' && (op === 'co' || op === 'po')) return [];
    const value = filterValue(parameter, op, asks);
    if (value === undefined) return [];
    return [
      {
        name: `_filter ${parameter.type} ${op}`,
        types: [type],
        parameters: [['_filter', `${parameter.code} ${op} ${value}`]] as Question['parameters'],
      },
    ];
  });
}

/** The value of a plain search with the same meaning. */
function filterValue({ type }: SearchParameter, op: string, asks: Ask[]): string | undefined {
  if (op === 'pr') return 'true';
  const own = FILTERED[type]?.(op);
  if (own) return own;
  const forms: Record<string, string> = { ss: ':below', sb: ':above', in: ':in', ni: ':not-in' };
  if (op in forms) return asks.find(({ form }) => form === forms[op])?.value;
  if (type === 'date' && (op === 'co' || op === 'po')) return '1800-01-01';
  return (asks.find(({ form }) => form === op)?.value.slice(2) ?? asks[0]!.value).replace(/,.*/, '');
}

/** Chains, `_has`, `_include` and `_revinclude` along a reference: with each kind of condition at the end of the first. */
function links(registry: SearchRegistry, type: ServedType, { code, targets = [] }: SearchParameter): Question[] {
  const served = targets.filter(isServed);
  const [here, there] = [ends(registry, type), served.slice(0, MOST_TARGETS)];
  return [
    ...there.flatMap((target) =>
      ends(registry, target).map((end) => asking(type, `chain to ${end.kind}`, [`${code}:${target}.${end.name}`, end.value])),
    ),
    ...there.flatMap((target) =>
      here.map((end) => asking(target, `_has with ${end.kind}`, [`_has:${type}:${code}:${end.name}`, end.value])),
    ),
    ...(served.length > 1 ? [asking(type, 'chain to several types', [`${code}._tag`, 'nobody'])] : []),
    ...(served.includes('Patient') ? throughPatients(type, code) : []),
    asking(type, '_include', ['_tag', 'nobody'], ['_include', `${type}:${code}`]),
    ...there.map((target) => asking(target, '_revinclude', ['_tag', 'nobody'], ['_revinclude', `${type}:${code}`])),
  ];
}

/** The number of target types of a reference that are searched. */
const MOST_TARGETS = 3;

const throughPatients = (type: ServedType, code: string): Question[] => [
  asking(type, 'chain of two links', [`${code}:Patient.organization.name`, 'zznobody']),
  asking(type, '_has in a chain', [`${code}:Patient._has:Observation:patient:code`, 'nobody']),
];

const asking = (type: ServedType, name: string, ...parameters: Question['parameters']): Question => ({ name, types: [type], parameters });

interface End {
  kind: string;
  name: string;
  value: string;
}

/** One condition of each kind that a type has. */
function ends(registry: SearchRegistry, type: ServedType): End[] {
  const own = registry.list(type).filter(({ code }) => !code.startsWith('_'));
  return [...Map.groupBy(own, ({ type: kind }) => kind)].map(([kind, [parameter]]) => {
    const [name, value] = written(parameter!.code, allAsks(parameter!)[0]!);
    return { kind, name, value };
  });
}

const compartments = (): Question[] =>
  COMPARTMENT_TYPES.flatMap((within) => [
    ...listCompartmentTypes(within).flatMap((type): Question[] => [
      { name: 'compartment', types: [type], parameters: [], within },
      { name: 'compartment, beside a condition', types: [type], parameters: [['_tag', 'nobody']], within },
    ]),
    { name: 'compartment, all types', types: listCompartmentTypes(within), parameters: [], within },
  ]);

/** What all types have, of all types at once. */
function ofSystem(registry: SearchRegistry): Question[] {
  const common = registry.list('Binary');
  return common.flatMap((parameter) => [
    ...allAsks(parameter).map(
      (ask): Question => ({
        name: `${nameOf(parameter, ask)}, of all types`,
        types: SERVED_TYPES,
        parameters: [written(parameter.code, ask)],
      }),
    ),
    ...sorts([...SERVED_TYPES], parameter).map((question) => ({ ...question, name: `${question.name}, of all types` })),
  ]);
}
