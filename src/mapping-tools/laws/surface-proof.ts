// Checks a surface by its examples (`surface.examples.yaml`): envelopes, errors, headers, ids, and the documented numbers and names. A new surface needs no
// test code.

import { existsSync } from 'node:fs';
import { formatSuggestion } from '../../fhir/closest-name.ts';
import { ERROR_KINDS, type ErrorKind, type Issue, issue } from '../../fhir/outcome.ts';
import type { Diagnostic } from '../../mapping/diagnostics.ts';
import { buildExampleEnv, isExampleList, toExamplesPath } from '../../mapping/load/examples.ts';
import type { LoadedSurface } from '../../mapping/load/loaded.ts';
import { readYaml, type SourceFile } from '../../mapping/load/yaml-file.ts';
import type { PageInfo, ResponseFacts, View } from '../../mapping/shape.ts';
import type { SurfaceSpec } from '../../mapping/spec.ts';
import { findDifferences, findMissing } from './differences.ts';

/** One example; its keys decide what is checked. */
export interface SurfaceExample {
  title: string;
  /** Facts of the response that differ from the default ones. */
  facts?: Partial<ResponseFacts>;
  /** An error, and its expected `status` and `answer`. */
  fails?: { kind: ErrorKind; issues?: { field?: string; text: string; code?: Issue['code'] }[] };
  status?: number;
  /** An item, or a page of a list called `plural`, and its `answer`. */
  item?: View;
  list?: View[];
  plural?: string;
  page?: PageInfo;
  answer?: unknown;
  /** Kind of error → `422 VALIDATION_ERROR: the vendor's text`. */
  statuses?: Record<string, string>;
  /** All headers of every response. */
  headers?: Record<string, string>;
  /** `Practitioner/<uuid>` → the shown id. */
  ids?: Record<string, string>;
  /** Names and numbers in the vendor's documentation. */
  states?: Partial<SurfaceSpec>;
}

const EXAMPLE_FACTS: ResponseFacts = {
  requestId: 'req_w8p3i7b0',
  time: '2026-01-15T09:45:00.000Z',
  status: 200,
  rate: { limit: 500, remaining: 489, reset: 3420 },
};
const EXAMPLE_PAGE: PageInfo = { limit: 20, offset: 0, hasMore: false, nextOffset: null, cursor: null };

/** The examples of a surface; undefined: no file. */
export function readSurfaceExamples(loaded: LoadedSurface): SourceFile<SurfaceExample[]> | undefined {
  const file = toExamplesPath(loaded.source.file);
  if (!existsSync(file)) return undefined;
  const source = readYaml(file);
  const { content } = source;
  if (!isExampleList<SurfaceExample>(content)) throw new Error(`${file}:1 the examples are a list: begin each with "- title:"`);
  return { ...source, content };
}

const isKind = (text: string): text is ErrorKind => Object.hasOwn(ERROR_KINDS, text);

type SurfaceCheck = (loaded: LoadedSurface, example: SurfaceExample) => string[];

const SURFACE_CHECKS: Readonly<Record<string, SurfaceCheck>> = {
  fails({ surface }, { fails, facts, status, answer }) {
    const issues = (fails!.issues ?? []).map(({ field, text, code = 'invalid' }) => issue(code, text, field));
    const response = surface.wrapError(fails!.kind, issues, { ...EXAMPLE_FACTS, ...facts });
    return [...findDifferences(response.status, status, 'the status'), ...findDifferences(response.body, answer, 'the answer')];
  },
  item: ({ surface }, { item, facts, answer }) =>
    findDifferences(surface.wrapItem(item!, { ...EXAMPLE_FACTS, ...facts }), answer, 'the answer'),
  list: ({ surface }, { list, page, plural = '', facts, answer }) =>
    findDifferences(surface.wrapList(list!, { ...EXAMPLE_PAGE, ...page }, { ...EXAMPLE_FACTS, ...facts }, plural), answer, 'the answer'),
  statuses: ({ surface }, { statuses }) =>
    Object.entries(statuses!).flatMap(([kind, expected]) => {
      if (!isKind(kind)) return [`${kind} is no kind of failure${formatSuggestion(kind, Object.keys(ERROR_KINDS))}`];
      const { status, code, says } = surface.describeError(kind);
      return findDifferences([`${status} ${code}`, says].filter(Boolean).join(': '), expected, `the answer to ${kind}`);
    }),
  headers: ({ surface }, { headers, facts }) =>
    findDifferences(surface.buildHeaders({ ...EXAMPLE_FACTS, ...facts }), headers, 'the headers'),
  ids: ({ surface }, { ids }) =>
    Object.entries(ids!).flatMap(([reference, shownId]) => {
      const [type = '', id = ''] = reference.split('/');
      return [
        ...findDifferences(surface.encodeId(type, id, buildExampleEnv()), shownId, `the id of ${reference}`),
        ...findDifferences(surface.decodeId(type, shownId), id, `${shownId} read back`),
      ];
    }),
  states: ({ source }, { states }) => findMissing(source.content, states, 'the surface'),
};

/** The errors of one example. */
export function checkSurfaceExample(loaded: LoadedSurface, example: SurfaceExample): string[] {
  const kinds = Object.keys(SURFACE_CHECKS).filter((kind) => kind in example);
  if (!kinds.length) return [`an example shows something: it needs one of ${Object.keys(SURFACE_CHECKS).join(', ')}`];
  return kinds.flatMap((kind) => SURFACE_CHECKS[kind]!(loaded, example));
}

/** The gaps in the examples of a surface. */
export function findSurfaceGaps({ source: { content } }: LoadedSurface, examples: SurfaceExample[]): { keys: string[]; text: string }[] {
  const has = (word: keyof SurfaceExample): boolean => examples.some((example) => word in example);
  const stated: Partial<SurfaceSpec> = Object.assign({}, ...examples.map(({ states }) => states ?? {}));
  const listedStatuses = examples.flatMap(({ statuses = {} }) => Object.keys(statuses));
  const types = examples.flatMap(({ ids = {} }) => Object.keys(ids).map((reference) => reference.split('/')[0]));
  const failing = examples.flatMap(({ fails }) => fails?.kind ?? []);
  const own = Object.entries(content.errors).flatMap(([kind, { body }]) => (body === undefined ? [] : [kind]));
  const gap = (keys: string[], text: string): { keys: string[]; text: string }[] => [{ keys, text }];
  return [
    ...(['item', 'list'] as const)
      .filter((word) => !has(word))
      .flatMap((word) => gap(['envelope', word], `no example has ${word}: and answer:`)),
    ...(failing.some((kind) => !own.includes(kind)) ? [] : gap(['envelope', 'error'], 'no example has fails: and answer:')),
    ...own
      .filter((kind) => !failing.some((failure) => failure === kind))
      .flatMap((kind) => gap(['errors', kind, 'body'], `no example fails: with ${kind}`)),
    ...Object.keys(content.errors)
      .filter((kind) => !listedStatuses.includes(kind))
      .flatMap((kind) => gap(['errors', kind], `no example has statuses: with ${kind}`)),
    ...(content.headers && !has('headers') ? gap(['headers'], 'no example has headers:') : []),
    ...Object.keys(content.ids?.prefixes ?? {})
      .filter((type) => !types.includes(type))
      .flatMap((type) => gap(['ids', 'prefixes', type], `no example has ids: with a ${type}`)),
    ...STATED_KEYWORDS.filter((word) => content[word] !== undefined && !(word in stated)).flatMap((word) =>
      gap([word], `no example has states: with ${word}`),
    ),
  ];
}

/** Keywords whose values an example must repeat from the vendor's documentation. */
const STATED_KEYWORDS = ['order', 'hosts', 'mounts', 'auth', 'nulls', 'patch', 'page', 'rateLimit'] as const;

/** All errors and gaps of a surface; none without an examples file. */
export function proveSurface(loaded: LoadedSurface): Diagnostic[] {
  const examples = readSurfaceExamples(loaded);
  if (!examples) return [];
  const broken = examples.content.flatMap((example, index) =>
    checkSurfaceExample(loaded, example).map((text) => ({
      place: examples.locateLine([String(index)]),
      text: `${example.title}: ${text}`,
    })),
  );
  const gaps = findSurfaceGaps(loaded, examples.content).map(({ keys, text }) => ({ place: loaded.source.locate(keys), text }));
  return [...broken, ...gaps];
}
