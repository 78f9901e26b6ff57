// What the examples of a mapping must not leave out: a rule that no example needs could be lost unnoticed.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Field } from '../lens/field.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { View } from '../shape.ts';
import { type Example, envOf, NOW } from './example.ts';
import { refusalsOf } from './refusals.ts';
import { rulesOf, type Schema } from './schema-rules.ts';

/** What is left out: the place in the mapping file, and what an example must show. */
export interface Gap {
  keys: string[];
  text: string;
}

/** Everything the examples of a mapping leave out. */
export const gapsOf = (loaded: LoadedShape, examples: Example[]): Gap[] =>
  [neverStated, neverShown, unusedWords, idleRules, idleCodecs, idleDays, idleNeeds, unaskedSearches].flatMap((look) =>
    look(loaded, examples),
  );

/** What stands in a view below these names; below a list, what stands in any of its members. */
const at = (view: unknown, names: string[]): unknown =>
  names.reduce<unknown>(
    (value, name) =>
      Array.isArray(value) ? value.flatMap((one) => (one as View)[name] ?? []) : (value as View | null | undefined)?.[name],
    view,
  );
/** Every field that has a value of its own, those of members of lists among them. */
const leavesOf = ({ lens }: LoadedShape): Field[] => [
  ...lens.leaves.filter(({ members }) => !members),
  ...lens.lists.flatMap(({ leaves }) => leaves),
];
const isThere = (value: unknown): boolean =>
  value !== undefined && value !== null && (typeof value !== 'object' || Object.keys(value).length > 0);
const keysOf = (names: string[], ...more: string[]): string[] => [...names.flatMap((name) => ['fields', name]), ...more];

/** Fields a client may write that no example with a stated resource sends: a path that is wrong both ways satisfies every other law. */
function neverStated(loaded: LoadedShape, examples: Example[]): Gap[] {
  const stated = examples.filter(({ resource, stored }) => resource ?? stored);
  const says = (example: Example, names: string[]): boolean => SENT.some((side) => isThere(at(example[side], names)));
  const missing = ({ spec, at: names }: Field): boolean => !spec.readOnly && !stated.some((example) => says(example, names));
  return leavesOf(loaded)
    .filter(missing)
    .map(({ at: names }) => ({
      keys: keysOf(names),
      text: 'no example sends it and states the resource it becomes: add one with request:, resource: and response:',
    }));
}

/** Fields that are only shown, and that no example with a stated resource shows a value of. */
function neverShown(loaded: LoadedShape, examples: Example[]): Gap[] {
  const stated = examples.filter(({ resource, stored, settled }) => resource ?? stored ?? settled);
  const missing = ({ spec, at: names, paths }: Field): boolean =>
    !!spec.readOnly &&
    !/^(id|%created|meta\.lastUpdated)$/.test(paths[0]!.text) &&
    !stated.some(({ response, shows, server }) => isThere(at({ ...response, ...shows, ...server }, names)));
  return leavesOf(loaded)
    .filter(missing)
    .map(({ at: names }) => ({
      keys: keysOf(names),
      text: 'no example states a resource and shows a value of it: add one with stored: and shows:',
    }));
}

/** Words of enums that no example uses, and words of code tables that no example uses which states its resource. */
function unusedWords(loaded: LoadedShape, examples: Example[]): Gap[] {
  const stated = examples.filter(({ resource, stored, settled }) => resource ?? stored ?? settled);
  return leavesOf(loaded).flatMap(({ spec, at: names }) => {
    const { codes = {}, also = {}, enum: words = [] } = spec;
    const sides = spec.readOnly ? SHOWN : SENT;
    const unused = (list: string[], among: Example[], word: string): Gap[] => {
      const used = among.flatMap((example) => sides.flatMap((side) => at(example[side], names)));
      return list
        .filter((one) => !used.includes(one))
        .map((one) => ({
          keys: keysOf(names, word),
          text: `no example uses ${one}: add one whose request has it, or whose response where it is only shown`,
        }));
    };
    return [...unused(words, examples, 'enum'), ...unused([...Object.keys(codes), ...Object.keys(also)], stated, 'codes')];
  });
}

/** Where an example shows that a word is taken: what a client may write must stand in a request. */
const SENT = ['request', 'change', 'replace', 'base'] as const;
const SHOWN = [...SENT, 'response', 'shows', 'server'] as const;

/** Rules of the request schemas that could be dropped without any refused body being let in. Those of a field that a create may set are shown by creates. */
function idleRules(loaded: LoadedShape, examples: Example[]): Gap[] {
  const { shape, lens } = loaded;
  const leaves = leavesOf(loaded);
  const later = lens.fields.filter(({ spec }) => spec.on === 'update' || !shape.interactions.includes('create')).map(({ name }) => name);
  const codecs = leaves
    .filter(({ spec, codec }) => codec.source !== undefined && spec.pattern === undefined)
    .map(({ at: names }) => names.join('.'));
  const ofChange = idleIn(shape.changeSchema, examples, { side: 'changeRefused', codecs }).filter(({ keys }) => later.includes(keys[1]!));
  return [
    ...(shape.interactions.includes('create') ? idleIn(shape.requestSchema, examples, { side: 'refuse', codecs }) : []),
    ...(shape.interactions.includes('update') ? ofChange : []),
  ];
}

function idleIn(schema: object, examples: Example[], { side, codecs }: { side: 'refuse' | 'changeRefused'; codecs: string[] }): Gap[] {
  const ajv = new Ajv2020({ allowUnionTypes: true, formats: FORMATS });
  const whole = ajv.compile(schema);
  const refused = examples.flatMap((example) => bodiesOf(example, side)).filter((body) => !whole(body));
  return rulesOf(schema as Schema).flatMap(({ at: names, word, without }) => {
    const accepts = ajv.compile(without);
    const needed = refused.some((body) => accepts(body));
    const said = word === 'pattern' && codecs.includes(names.join('.')) ? 'as' : word;
    return needed ? [] : [{ keys: keysOf(names, said), text: `no example is refused by ${said} alone: add one with ${side}: and field:` }];
  });
}

const bodiesOf = (example: Example, side: 'refuse' | 'changeRefused'): unknown[] => {
  if (side === 'refuse') return refusalsOf(example).map(({ body }) => body);
  return side in example ? [example[side]] : [];
};

const FORMATS = {
  email: /^[^@\s]+@[^@\s]+\.[^@\s]+$/,
  uuid: /^[0-9a-f-]{36}$/i,
  date: (text: string) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text) && text.length === 10,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i,
};

/** Days that must have come, without a refused body that says one which has not. */
function idleDays({ shape, lens }: LoadedShape, examples: Example[]): Gap[] {
  const named = examples.flatMap((example) => refusalsOf(example).flatMap(({ body }) => shape.check(body, NOW).map(({ text }) => text)));
  return lens.leaves
    .filter(({ spec, at: names }) => spec.past && !named.includes(`${names.join('.')} must not be in the future`))
    .map(({ at: names }) => ({ keys: keysOf(names, 'past'), text: 'no example is refused by past alone' }));
}

/** Fields that every item shows, without a resource that is no item for lack of that one. */
function idleNeeds({ shape, mapping }: LoadedShape, examples: Example[]): Gap[] {
  const needs = mapping.content.belongs ?? [];
  const lacking = examples.flatMap(({ stored, item, env }) => {
    const view = stored && item === false ? shape.read(stored, envOf(env)) : undefined;
    const missing = needs.filter((name) => view?.[name] === null);
    return missing.length === 1 ? missing : [];
  });
  return needs
    .filter((name) => !lacking.includes(name))
    .map((name) => ({ keys: ['belongs'], text: `no example states a resource that is no item for lack of ${name} alone` }));
}

/** Codecs of texts that refuse what the schema admits (a day that is none), without an example of it. What the schema says by a format, it says itself. */
function idleCodecs({ shape, lens }: LoadedShape, examples: Example[]): Gap[] {
  const accepts = new Ajv2020({ allowUnionTypes: true, formats: FORMATS }).compile(shape.requestSchema);
  const refusals = examples
    .filter((example) => 'refuse' in example && accepts(example.refuse))
    .map(({ field }) => field?.replace(/\[\d+\]$/, ''));
  const idle = ({ spec, codec, at: names }: Field): boolean =>
    !spec.readOnly && spec.as !== undefined && codec.fault !== undefined && !refusals.includes(names.join('.'));
  return lens.leaves
    .filter((field) => idle(field) && !field.codec.words && field.spec.type !== 'object' && field.spec.format === undefined)
    .map(({ at: names, spec }) => ({
      keys: keysOf(names, 'as'),
      text: `no example is refused by ${spec.as} alone: add one with refuse: and field:`,
    }));
}

/** Search parameters, and words of them, that no example asks for; and forms of a value that no example is refused for. */
function unaskedSearches({ mapping }: LoadedShape, examples: Example[]): Gap[] {
  const asked = examples.flatMap(({ search }) => Object.entries(search ?? {}));
  const refused = examples.flatMap(({ searchRefused, field }) => (searchRefused && field ? [field] : []));
  const forms = Object.entries(mapping.content.search ?? {}).filter(
    ([name, spec]) => typeof spec === 'object' && 'as' in spec && !refused.includes(name),
  );
  const unrefused = forms.map(([name]) => ({
    keys: ['search', name, 'as'],
    text: 'no example asks with a value it refuses: add one with searchRefused: and field:',
  }));
  const unasked = Object.entries(mapping.content.search ?? {}).flatMap(([name, spec]) => {
    const words = typeof spec === 'object' && 'words' in spec ? Object.keys(spec.words) : [undefined];
    return words
      .filter((word) => !asked.some(([asking, value]) => asking === name && (word === undefined || value === word)))
      .map((word) => ({
        keys: ['search', name],
        text: `no example asks for ${[name, word].filter(Boolean).join('=')} and states the FHIR search: add one with search: and query:`,
      }));
  });
  return [...unasked, ...unrefused];
}
