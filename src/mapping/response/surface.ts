// Compiles a surface (`surface.yaml`): envelopes, errors, headers, ids.
import type { ErrorKind, Issue } from '../../fhir/outcome.ts';
import { buildIdCodec } from '../lens/id-codec.ts';
import type { PageInfo, ResponseFacts, Surface, View } from '../shape.ts';
import type { SurfaceSpec } from '../spec.ts';
import { compileTemplate, type Template, type TemplateValues } from './envelope.ts';

/** The names that templates of all responses may use, and below those of a list. */
export const RESPONSE_NAMES = ['requestId', 'time', 'status', 'rateLimit', 'rateRemaining', 'rateReset'];
export const PAGE_NAMES = [
  'items',
  'first',
  'plural',
  'total',
  'limit',
  'offset',
  'hasMore',
  'nextOffset',
  'cursor',
  'nextUrl',
  'previousUrl',
  'pages',
  'page',
  'pageCount',
  'nextPage',
  'previousPage',
];
const ERROR_NAMES = ['code', 'message', 'issues'];

/** Compiles a surface; mistakes are reported. */
export function buildSurface(name: string, spec: SurfaceSpec, fault: (keys: string[], error: unknown) => void): Surface {
  const template = (keys: string[], text: unknown, known: string[]): Template => {
    try {
      return compileTemplate(text, known);
    } catch (error) {
      fault(keys, error);
      return () => null;
    }
  };
  const { item, list, error } = spec.envelope;
  const asItem = template(['envelope', 'item'], item, [...RESPONSE_NAMES, 'body']);
  const asList = template(['envelope', 'list'], list, [...RESPONSE_NAMES, ...PAGE_NAMES]);
  const asError = template(['envelope', 'error'], error, [...RESPONSE_NAMES, ...ERROR_NAMES]);
  const bodies = Object.entries(spec.errors).flatMap(([kind, { body }]) =>
    body === undefined ? [] : [[kind, template(['errors', kind, 'body'], body, [...RESPONSE_NAMES, ...ERROR_NAMES])] as const],
  );
  for (const [word, text] of checkPageSpec(spec.page)) fault(['page', word], new Error(text));
  const own = new Map<string, Template>(bodies);
  const headers = Object.entries(spec.headers ?? {}).map(
    ([header, text]) => [header, template(['headers', header], text, RESPONSE_NAMES)] as const,
  );
  return {
    name,
    title: spec.title ?? name,
    hosts: spec.hosts,
    mounts: spec.mounts ?? [],
    auth: spec.auth,
    page: spec.page,
    rateLimit: spec.rateLimit,
    describeError: (kind) => spec.errors[kind],
    wrapItem: (view, facts) => asItem({ ...toResponseValues(facts), body: view }),
    wrapList: (views, page, facts, plural) => asList({ ...toResponseValues(facts), ...toPageValues(views, page, plural) }),
    wrapError(kind, issues, facts) {
      const { status, code, says } = spec.errors[kind];
      const buildError = own.get(kind) ?? asError;
      return { status, body: buildError({ ...toResponseValues({ ...facts, status }), ...toErrorValues(says ?? '', issues, kind), code }) };
    },
    buildHeaders(facts) {
      const values = headers.map(([header, value]) => [header, value(toResponseValues(facts))] as const);
      return Object.fromEntries(values.filter(([, value]) => value !== null).map(([header, value]) => [header, String(value)]));
    },
    ...buildIdCodec(spec),
  };
}

/** The errors in `page:`, by keyword. */
function checkPageSpec({ size, offset, number, cursor, default: standard, max }: SurfaceSpec['page']): [word: string, text: string][] {
  const problems: [string, string | false][] = [
    ['default', standard > max && `${standard} is more than max (${max}): write a number up to it`],
    ['offset', offset === size && `${size} is the name of size: too: write another name`],
    [
      'number',
      number !== undefined && offset !== undefined && `pages are found by their number or by an offset (${offset}): write one of them`,
    ],
    ['number', number === size && `${size} is the name of size: too: write another name`],
    [
      'cursor',
      cursor !== undefined && [size, offset, number].includes(cursor) && `${cursor} is the name of another parameter: write another name`,
    ],
  ];
  return problems.filter((problem): problem is [string, string] => problem[1] !== false);
}

/** The template values of a response. */
export const toResponseValues = ({ requestId, time, status, rate }: ResponseFacts): TemplateValues => ({
  requestId,
  time,
  status,
  rateLimit: rate?.limit,
  rateRemaining: rate?.remaining,
  rateReset: rate?.reset,
});

/** The template values of a page. Pages are counted from 1. */
export const toPageValues = (views: View[], page: PageInfo, plural: string): TemplateValues => ({
  ...page,
  items: views,
  first: views[0],
  plural,
  ...toPageNumbers(page),
  pages: [
    { rel: 'next', url: page.nextUrl },
    { rel: 'prev', url: page.previousUrl },
  ].filter(({ url }) => url),
});

/** The page numbers; the count needs the total. */
function toPageNumbers({ limit, offset, nextOffset, total }: PageInfo): TemplateValues {
  const page = Math.floor(offset / limit) + 1;
  return {
    page,
    pageCount: total === undefined ? null : Math.ceil(total / limit),
    nextPage: nextOffset === null ? null : page + 1,
    previousPage: page > 1 ? page - 1 : null,
  };
}

/** The template values of an error; without issues, the kind is the message. */
const toErrorValues = (says: string, issues: Issue[], kind: ErrorKind): TemplateValues => ({
  message: [says, issues.map(({ text }) => text).join('; ')].filter(Boolean).join(': ') || kind,
  issues: issues.map(({ severity, code, text, expression }) => ({ severity, issueCode: code, text, field: expression?.[0] })),
});
