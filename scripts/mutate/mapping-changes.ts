// Faults in a mapping beside its fields: what is offered, searches, sorting, joins, duplicates, what is written and never shown.

import type { AlsoSpec, JoinSpec, ManySpec, MappingSpec, SearchSpec, UniqueSpec } from '../../src/mapping/spec.ts';
import { isForwardJoin } from '../../src/mapping/spec.ts';
import { otherForms } from './field-changes.ts';
import { type Change, removal } from './mutant.ts';
import { listTemplateChanges } from './surface-changes.ts';

export interface PlacedChange {
  keys: string[];
  change: Change;
}

const at = (keys: string[], change: Change): PlacedChange => ({ keys, change });
const to = (value: unknown): Change => ({ what: String(value), value });

export function listMappingChanges(content: MappingSpec): PlacedChange[] {
  const {
    plural,
    interactions,
    idempotency,
    take,
    most: max,
    only,
    belongs = [],
    except = {},
    port,
    into,
    sort,
    says = {},
    unique,
    for: whom,
    item,
    answers,
    tells,
    createStatus,
  } = content;
  return [
    at(['path'], to(`${content.path}-x`)),
    ...(plural === undefined ? [] : [at(['plural'], to(`${plural}x`))]),
    ...interactions.map((interaction, index) => at(['interactions', String(index)], removal(`without ${interaction}`))),
    ...(idempotency === undefined ? [] : [at(['idempotency'], removal())]),
    ...(take === undefined ? [] : [at(['take'], removal()), at(['take'], to(take === 'all' ? 'first' : 'all'))]),
    ...(max === undefined ? [] : [at(['most'], removal()), at(['most'], to(max - 1))]),
    ...Object.keys(content.envelope ?? {}).map((word) => at(['envelope', word], removal())),
    ...listTemplateChanges(content.envelope, ['envelope']),
    ...belongs.map((name, index) => at(['belongs', String(index)], removal(`without ${name}`))),
    ...Object.entries(except).flatMap(([name, word]) => [at(['except', name], removal()), at(['except', name], to(`${word}x`))]),
    ...[...Object.entries({ for: whom, item, answers, tells, createStatus })].flatMap(([word, value]) =>
      value === undefined ? [] : [at([word], removal())],
    ),
    ...(content.many ? manyChanges(content.many) : []),
    ...(port === undefined ? [] : [at(['port'], removal())]),
    ...(into === undefined ? [] : [at(['into'], removal())]),
    ...lessOf(only),
    ...(sort === undefined ? [] : [at(['sort'], removal()), at(['sort'], to(turned(sort)))]),
    ...Object.keys(says).map((name) => at(['says', name], removal())),
    ...[ignoresChanges, preferChanges, orderOfFields].flatMap((changes) => changes(content)),
    ...(content.also ?? []).flatMap((spec, index) => alsoChanges(spec, ['also', String(index)])),
    ...Object.entries(content.with ?? {}).flatMap(([name, spec]) => joinChanges(spec, ['with', name])),
    ...Object.entries(content.search ?? {}).flatMap(([name, spec]) => searchChanges(spec, ['search', name])),
    ...(unique ? uniqueChanges(unique) : []),
  ];
}

const ignoresChanges = ({ ignores = {} }: MappingSpec): PlacedChange[] =>
  Object.keys(ignores).map((name) => at(['ignores', name], removal()));

/** FHIR's order in place of the stated one, and the stated one turned round. */
const preferChanges = ({ prefer = {} }: MappingSpec): PlacedChange[] =>
  Object.entries(prefer).flatMap(([type, uses]) => [
    at(['prefer', type], removal()),
    ...(uses.length > 1 ? [at(['prefer', type], to(uses.toReversed()))] : []),
  ]);

const turned = (sort: string): string => (sort.startsWith('-') ? sort.slice(1) : `-${sort}`);

/** One of the parameters that every list asks with less. */
function lessOf(only: string | undefined): PlacedChange[] {
  const parts = only?.split('&') ?? [];
  return parts.map((part) => at(['only'], to(parts.filter((one) => one !== part).join('&'))));
}

/** Another name of the list, a field that all items share, another number or status, items told apart by one field less. */
function manyChanges({ list, fields, least, most: max, identity = [] }: ManySpec): PlacedChange[] {
  return [
    at(['many'], removal('left out')),
    at(['many', 'list'], to(`${list}x`)),
    ...fields.map((name, index) => at(['many', 'fields', String(index)], removal(`without ${name}`))),
    ...(least === undefined ? [] : [at(['many', 'least'], to(least + 1))]),
    at(['many', 'most'], to(max - 1)),
    at(['many', 'most'], to(max + 1)),
    ...identity.map((name, index) => at(['many', 'identity', String(index)], removal(`without ${name}`))),
  ];
}

/** A field less, and two in the other order: the vendor prints all of them, in this one. */
function orderOfFields({ fields }: MappingSpec): PlacedChange[] {
  const names = Object.keys(fields);
  const swapped = Object.fromEntries([...names.slice(1, 2), ...names.slice(0, 1), ...names.slice(2)].map((name) => [name, fields[name]]));
  return [
    ...names.map((name) => at(['fields', name], removal('left out'))),
    at(['fields'], { what: 'the first two exchanged', value: swapped }),
  ];
}

const alsoChanges = ({ value, while: condition }: AlsoSpec, keys: string[]): PlacedChange[] => [
  at(keys, removal('left out')),
  ...(value === undefined ? [] : [at([...keys, 'value'], to(typeof value === 'boolean' ? !value : `${value}x`))]),
  ...(condition === undefined ? [] : [at([...keys, 'while'], removal())]),
];

function joinChanges(spec: JoinSpec, keys: string[]): PlacedChange[] {
  if (isForwardJoin(spec)) return [at([...keys, 'resource'], to(spec.resource === 'Patient' ? 'Location' : 'Patient'))];
  return [
    at([...keys, 'search'], to(spec.search.replace(/&_sort=[^&]*/, ''))),
    ...(spec.leaving === undefined ? [] : [at([...keys, 'leaving'], removal())]),
  ];
}

function searchChanges(spec: SearchSpec, keys: string[]): PlacedChange[] {
  if (typeof spec === 'string') return [at(keys, removal('left out')), ...textChanges(spec, keys)];
  if ('words' in spec) {
    const words = Object.entries(spec.words);
    const swapped = { ...spec.words, ...(words.length > 1 && { [words[0]![0]]: words[1]![1], [words[1]![0]]: words[0]![1] }) };
    return [
      at(keys, removal('left out')),
      ...words.map(([word]) => at([...keys, 'words', word], removal('left out'))),
      at([...keys, 'words'], { what: 'the first two exchanged', value: swapped }),
      ...words.flatMap(([word, text]) => textChanges(text, [...keys, 'words', word])),
    ];
  }
  if ('everyWord' in spec)
    return [
      at(keys, removal('left out')),
      at(keys, { what: 'not word by word', value: spec.everyWord }),
      ...textChanges(spec.everyWord, [...keys, 'everyWord']),
    ];
  return [
    at(keys, removal('left out')),
    ...(spec.fhir === undefined ? [] : textChanges(spec.fhir, [...keys, 'fhir'])),
    ...(spec.span ? [1, -1].map((more) => at([...keys, 'span', 'days'], to(spec.span!.days + more))) : []),
    ...(['required', 'missing', 'format', 'several', 'span', 'whenIs'] as const).flatMap((word) =>
      spec[word] === undefined ? [] : [at([...keys, word], removal())],
    ),
    ...(spec.as === undefined ? [] : [at([...keys, 'as'], removal()), ...otherForms(spec.as).map((change) => at([...keys, 'as'], change))]),
    ...(spec.id === undefined
      ? []
      : [at([...keys, 'id'], removal()), at([...keys, 'id'], to(spec.id === 'Patient' ? 'Location' : 'Patient'))]),
  ];
}

/** A modifier less, and the other truth. */
const textChanges = (text: string, keys: string[]): PlacedChange[] =>
  [
    text.replace(/:(?:not|contains|exact)=/, '='),
    text.replace(/=(true|false)$/, (_, word) => `=${word === 'true' ? 'false' : 'true'}`),
    text.replace(/=([gl]e)\{/, (_, way) => `=${way === 'ge' ? 'le' : 'ge'}{`),
  ]
    .filter((other) => other !== text)
    .map((other) => at(keys, to(other)));

const OTHER = { exact: 'folded', folded: 'exact', trimmed: 'exact' } as const;

function uniqueChanges({ within, compare, any }: UniqueSpec): PlacedChange[] {
  return [
    at(['unique'], removal('left out')),
    ...within.map((name, index) => at(['unique', 'within', String(index)], removal(`without ${name}`))),
    ...Object.entries(compare).map(([name, how]) => at(['unique', 'compare', name], to(OTHER[how]))),
    ...any.flatMap(({ same, agree = [], lacking = [], search }, i) => {
      const keys = ['unique', 'any', String(i)];
      const parts = search.split('&');
      return [
        at(keys, removal('left out')),
        ...same.map((name, index) => at([...keys, 'same', String(index)], removal(`without ${name}`))),
        ...agree.map((name, index) => at([...keys, 'agree', String(index)], removal(`without ${name}`))),
        ...lacking.map((name, index) => at([...keys, 'lacking', String(index)], removal(`without ${name}`))),
        ...(parts.length > 1 ? parts.map((part) => at([...keys, 'search'], to(parts.filter((other) => other !== part).join('&')))) : []),
      ];
    }),
  ];
}
