// Finds what the examples of a mapping do not cover: a rule without an example could be lost unnoticed.

import { Ajv2020 } from 'ajv/dist/2020.js';
import { toRecord } from '../../fhir/json-values.ts';
import type { Field } from '../../mapping/lens/field.ts';
import { buildExampleEnv, EXAMPLE_TIME, type Example } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import { normalizeParameter, toValueSpec } from '../../mapping/query/parameter-rules.ts';
import { readRequestItems } from '../../mapping/request/request-items.ts';
import type { JsonSchema } from '../../mapping/shape.ts';
import type { ManySpec, SearchSpec } from '../../mapping/spec.ts';
import { findBatchGaps } from './batch-coverage.ts';
import type { CoverageGap } from './example-context.ts';
import { listRefusedBodies } from './refused-bodies.ts';
import { listSchemaRules } from './schema-rules.ts';

/** All gaps in the examples of a mapping. */
export function findGaps(loaded: LoadedShape, examples: Example[]): CoverageGap[] {
  const { shape } = loaded;
  const ofItems = shape.batch
    ? examples.map((example) => (example.request ? { ...example, request: readRequestItems(shape, example.request)[0]! } : example))
    : examples;
  return [
    ...[findUnsentFields, findUnreadFields, findUnusedWords, findUnreadCodes].flatMap((findGaps) => findGaps(loaded, ofItems)),
    ...[
      findUnusedEnvelopes,
      findUntestedRules,
      findUntestedCodecs,
      findUntestedDays,
      findUntestedBelongs,
      findUntestedExceptions,
      findUntestedSearches,
      findBatchGaps,
    ].flatMap((findGaps) => findGaps(loaded, examples)),
  ];
}

/** The value at these property names; below a list, the values of all members. */
const readNested = (view: unknown, names: string[]): unknown =>
  names.reduce<unknown>(
    (value, name) => (Array.isArray(value) ? value.flatMap((item) => toRecord(item)[name] ?? []) : toRecord(value)[name]),
    view,
  );
/** Every field with a value of its own, including members of lists. */
const listAllLeaves = ({ lens }: LoadedShape): Field[] => [
  ...lens.leaves.filter(({ members }) => !members),
  ...lens.lists.flatMap(({ leaves }) => leaves),
];
const isPresent = (value: unknown): boolean =>
  value !== undefined && value !== null && (typeof value !== 'object' || Object.keys(value).length > 0);
const toGapKeys = (names: string[], ...more: string[]): string[] => [...names.flatMap((name) => ['fields', name]), ...more];

/** Own envelopes without an example of a response. */
function findUnusedEnvelopes({ mapping }: LoadedShape, examples: Example[]): CoverageGap[] {
  const { item, list } = mapping.content.envelope ?? {};
  return [
    ...(item === undefined || examples.some(({ answer }) => answer) ? [] : [buildEnvelopeGap('item', 'answer:')]),
    ...(list === undefined || examples.some(({ listed }) => listed) ? [] : [buildEnvelopeGap('list', 'listed:')]),
  ];
}

const buildEnvelopeGap = (word: string, key: string): CoverageGap => ({
  keys: ['envelope', word],
  text: `no example states the answer: add ${key} to one with a response:`,
});

/** Writable fields that no example with a stated resource sends: a path that is wrong in both directions satisfies every other law. */
function findUnsentFields(loaded: LoadedShape, examples: Example[]): CoverageGap[] {
  const stated = examples.filter(({ resource, stored }) => resource ?? stored);
  const mentions = (example: Example, names: string[]): boolean => REQUEST_KEYS.some((side) => isPresent(readNested(example[side], names)));
  const missing = ({ spec, keyPath: names }: Field): boolean => !spec.readOnly && !stated.some((example) => mentions(example, names));
  return listAllLeaves(loaded)
    .filter(missing)
    .map(({ keyPath: names }) => ({
      keys: toGapKeys(names),
      text: 'no example sends it and states the resource it becomes: add one with request:, resource: and response:',
    }));
}

/** Read-only fields without a value in any example with a stated resource. */
function findUnreadFields(loaded: LoadedShape, examples: Example[]): CoverageGap[] {
  const stated = examples.filter(({ resource, stored, settled }) => resource ?? stored ?? settled);
  const missing = ({ spec, keyPath: names, paths }: Field): boolean =>
    !!spec.readOnly &&
    !/^(id|%created|meta\.lastUpdated)$/.test(paths[0]!.text) &&
    !stated.some(({ response, shows, server, then }) => isPresent(readNested({ ...response, ...shows, ...server, ...then }, names)));
  return listAllLeaves(loaded)
    .filter(missing)
    .map(({ keyPath: names }) => ({
      keys: toGapKeys(names),
      text: 'no example states a resource and shows a value of it: add one with stored: and shows:',
    }));
}

/** Words of enums that no example uses, and words of code tables that no example with a stated resource uses. */
function findUnusedWords(loaded: LoadedShape, examples: Example[]): CoverageGap[] {
  const stated = examples.filter(({ resource, stored, settled }) => resource ?? stored ?? settled);
  return listAllLeaves(loaded).flatMap(({ spec, keyPath: names }) => {
    const { codes = {}, synonyms = {}, enum: words = [] } = spec;
    const sides = spec.readOnly ? VIEW_KEYS : REQUEST_KEYS;
    const unused = (list: string[], among: Example[], word: string): CoverageGap[] => {
      const used = among.flatMap((example) => sides.flatMap((side) => readNested(example[side], names)));
      return list
        .filter((text) => !used.includes(text))
        .map((text) => ({
          keys: toGapKeys(names, word),
          text: `no example uses ${text}: add one whose request has it, or whose response where it is only shown`,
        }));
    };
    return [...unused(words, examples, 'enum'), ...unused([...Object.keys(codes), ...Object.keys(synonyms)], stated, 'codes')];
  });
}

/** Codes of `reads:` without an example that has the code and shows its word. */
function findUnreadCodes(loaded: LoadedShape, examples: Example[]): CoverageGap[] {
  const stated = examples.map((example) => ({ text: JSON.stringify([example.resource, example.stored, example.settled]), example }));
  return listAllLeaves(loaded).flatMap(({ spec, keyPath: names }) =>
    Object.entries(spec.reads ?? {})
      .filter(
        ([code, word]) =>
          !stated.some(
            ({ text, example }) =>
              text.includes(JSON.stringify(code)) && VIEW_KEYS.some((side) => readNested(example[side], names) === word),
          ),
      )
      .map(([code, word]) => ({
        keys: toGapKeys(names, 'reads', code),
        text: `no example states a resource with ${code} and shows ${word}`,
      })),
  );
}

/** The keys of an example with request values, and below with shown values. */
const REQUEST_KEYS = ['request', 'change', 'replace', 'perform', 'base'] as const;
const VIEW_KEYS = [...REQUEST_KEYS, 'response', 'shows', 'server'] as const;

/** Rules of the request schemas that no refused body needs. Rules of a field that a create may set are tested by creates. */
function findUntestedRules(loaded: LoadedShape, examples: Example[]): CoverageGap[] {
  const { shape, lens, mapping } = loaded;
  const { many } = mapping.content;
  const leaves = listAllLeaves(loaded);
  const laterFields = lens.fields
    .filter(({ spec }) => spec.onlyIn === 'update' || !shape.interactions.includes('create'))
    .map(({ name }) => name);
  const codecs = leaves
    .filter(({ spec, codec }) => codec.pattern !== undefined && spec.pattern === undefined)
    .map(({ keyPath: names }) => names.join('.'));
  const ofChange = findUntestedIn(shape.changeSchema, examples, { side: 'changeRefused', codecs }).filter(({ keys }) =>
    laterFields.includes(keys[1]!),
  );
  return [
    ...(shape.interactions.some((interaction) => interaction === 'create' || interaction === 'perform')
      ? findUntestedIn(shape.requestSchema, examples, { side: 'refuse', codecs, many })
      : []),
    ...(shape.interactions.includes('update') ? ofChange : []),
  ];
}

interface UntestedContext {
  side: 'refuse' | 'changeRefused';
  codecs: string[];
  many?: ManySpec | undefined;
}

function findUntestedIn(schema: JsonSchema, examples: Example[], { side, codecs, many }: UntestedContext): CoverageGap[] {
  const ajv = new Ajv2020({ allowUnionTypes: true, formats: FORMATS });
  const isValid = ajv.compile(schema);
  const refusedBodies = examples.flatMap((example) => listRefused(example, side)).filter((body) => !isValid(body));
  return listSchemaRules(schema).flatMap(({ at: names, word, without }) => {
    const accepts = ajv.compile(without);
    const needed = isBatchMaximum(names, word, many) || refusedBodies.some((body) => accepts(body));
    const keyword = word === 'pattern' && codecs.includes(names.join('.')) ? 'as' : word;
    return needed
      ? []
      : [
          {
            keys: toRuleKeys(names, keyword, many),
            text: `no example is refused by ${keyword === 'as' ? 'the form of as:' : keyword} alone: add one with ${side}: and field:`,
          },
        ];
  });
}

/** Whether a rule is the maximum of a batch, which needs no example: the body would be too long. */
const isBatchMaximum = (names: string[], word: string, many: ManySpec | undefined): boolean =>
  many !== undefined && word === 'maxItems' && names.join('.') === many.list;

/** The keys of a rule in the mapping file; rules of a batch are under `many:` and the fields. */
function toRuleKeys([first, ...rest]: string[], word: string, many: ManySpec | undefined): string[] {
  if (first !== many?.list) return toGapKeys([first!, ...rest], word);
  return rest.length ? toGapKeys(rest, word) : ['many', BATCH_KEYWORDS[word] ?? word];
}

const BATCH_KEYWORDS: Record<string, string> = { required: 'list', minItems: 'least', maxItems: 'most' };

const listRefused = (example: Example, side: 'refuse' | 'changeRefused'): unknown[] => {
  if (side === 'refuse') return listRefusedBodies(example).map(({ body }) => body);
  return side in example ? [example[side]] : [];
};

const FORMATS = {
  email: /^[^@\s]+@[^@\s]+\.[^@\s]+$/,
  uuid: /^[0-9a-f-]{36}$/i,
  date: (text: string) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text) && text.length === 10,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i,
};

/** `past:` and `atLeastYears:` without a refused body. */
function findUntestedDays({ shape, lens }: LoadedShape, examples: Example[]): CoverageGap[] {
  const named = examples.flatMap((example) =>
    listRefusedBodies(example).flatMap(({ body }) => shape.checkRequest(body, EXAMPLE_TIME).map(({ text }) => text)),
  );
  return lens.leaves.flatMap(({ spec, keyPath: names }) =>
    DAY_RULES.filter(([word, text]) => spec[word] !== undefined && !named.includes(`${names.join('.')} ${text(spec)}`)).map(([word]) => ({
      keys: toGapKeys(names, word),
      text: `no example is refused by ${word} alone`,
    })),
  );
}

/** Keywords of days, and their error texts. */
const DAY_RULES: [word: 'past' | 'atLeastYears', text: (spec: Field['spec']) => string][] = [
  ['past', () => 'must not be in the future'],
  ['atLeastYears', ({ atLeastYears }) => `must be at least ${atLeastYears} years ago`],
];

/** Fields of `belongs:` without a resource that is not an item because only that field is missing. */
function findUntestedBelongs({ shape, mapping }: LoadedShape, examples: Example[]): CoverageGap[] {
  const needs = mapping.content.belongs ?? [];
  const lacking = examples.flatMap(({ stored, item, env }) => {
    const view = stored && item === false ? shape.read(stored, buildExampleEnv(env)) : undefined;
    const missing = needs.filter((name) => view?.[name] === null);
    return missing.length === 1 ? missing : [];
  });
  return needs
    .filter((name) => !lacking.includes(name))
    .map((name) => ({ keys: ['belongs'], text: `no example states a resource that is no item for lack of ${name} alone` }));
}

/** Values of `except:` without a resource that is not an item for that reason only. */
function findUntestedExceptions({ shape, mapping }: LoadedShape, examples: Example[]): CoverageGap[] {
  const { belongs = [], except = {} } = mapping.content;
  const views = examples.flatMap(({ stored, item, env }) => (stored && item === false ? [shape.read(stored, buildExampleEnv(env))] : []));
  const complete = views.filter((view) => belongs.every((name) => view[name] !== null));
  return Object.entries(except)
    .filter(([name, word]) => !complete.some((view) => view[name] === word))
    .map(([name, word]) => ({ keys: ['except', name], text: `no example states a resource that is no item for ${name} ${word} alone` }));
}

/** Codecs that refuse values which the schema accepts (a day that does not exist), without an example. */
function findUntestedCodecs({ shape, lens }: LoadedShape, examples: Example[]): CoverageGap[] {
  const accepts = new Ajv2020({ allowUnionTypes: true, formats: FORMATS }).compile(shape.requestSchema);
  const refusals = examples
    .filter((example) => 'refuse' in example && accepts(example.refuse))
    .map(({ field }) => field?.replace(/\[\d+\]$/, '').replace(shape.batch ? /^\w+\[\d+\]\./ : '', ''));
  const idle = ({ spec, codec, keyPath: names }: Field): boolean =>
    !spec.readOnly && spec.as !== undefined && codec.validate !== undefined && !refusals.includes(names.join('.'));
  return lens.leaves
    .filter((field) => idle(field) && !field.codec.words && field.spec.type !== 'object' && field.spec.format === undefined)
    .map(({ keyPath: names, spec }) => ({
      keys: toGapKeys(names, 'as'),
      text: `no example is refused by ${spec.as} alone: add one with refuse: and field:`,
    }));
}

/** The keyword of a parameter that refuses values. */
const findRefusingKeyword = (spec: SearchSpec): string | undefined =>
  ['span', 'missing', 'as', 'format', 'required'].find(
    (word) => typeof spec === 'object' && word in spec && !(word === 'as' && isCaseInsensitive(spec)),
  );

const isCaseInsensitive = (spec: SearchSpec): boolean => toValueSpec(spec)?.as === 'upper';

/** Case-insensitive parameters without an example in another case. */
const findUntestedSpellings = (search: Record<string, SearchSpec>, parameters: [name: string, value: string][]): CoverageGap[] =>
  Object.entries(search)
    .filter(([, spec]) => isCaseInsensitive(spec) || toValueSpec(spec)?.format === 'uuid')
    .filter(([name, spec]) => !parameters.some(([parameter, value]) => parameter === name && normalizeParameter(spec, value) !== value))
    .map(([name]) => ({ keys: ['search', name], text: 'no example asks in other letters for the same: add one with search:' }));

/** Query parameters and words without an example, and rules of values without a refused example. */
function findUntestedSearches({ mapping }: LoadedShape, examples: Example[]): CoverageGap[] {
  const parameters = examples.flatMap(({ search }) => Object.entries(search ?? {}));
  const refusedFields = examples.flatMap(({ searchRefused, field }) => (searchRefused && field ? [field] : []));
  const forms = Object.entries(mapping.content.search ?? {}).filter(
    ([name, spec]) => findRefusingKeyword(spec) !== undefined && !refusedFields.includes(name),
  );
  const unrefused = forms.map(([name, spec]) => ({
    keys: ['search', name, findRefusingKeyword(spec)!],
    text: 'no example asks with what it refuses: add one with searchRefused: and field:',
  }));
  const unasked = Object.entries(mapping.content.search ?? {}).flatMap(([name, spec]) => {
    const words = typeof spec === 'object' && 'words' in spec ? Object.keys(spec.words) : [undefined];
    return words
      .filter((word) => !parameters.some(([asking, value]) => asking === name && (word === undefined || value === word)))
      .map((word) => ({
        keys: ['search', name],
        text: `no example asks for ${[name, word].filter(Boolean).join('=')} and states the FHIR search: add one with search: and query:`,
      }));
  });
  return [...unasked, ...unrefused, ...findUntestedSpellings(mapping.content.search ?? {}, parameters)];
}
