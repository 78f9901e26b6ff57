// What an example can show, by the key that says it: each kind a function from the example to what is wrong with the mapping, or with the example.
import { FhirError, type Issue } from '../../fhir/outcome.ts';
import { envOf, itemIn, NOW } from '../example.ts';
import { touchesOf } from '../joins.ts';
import type { AskedId, Shape, ShapeInteraction, View } from '../shape.ts';
import { MOST_AT_ONCE } from '../take.ts';
import { changed, refusedChange } from './changed.ts';
import { created, shown } from './created-and-shown.ts';
import { differences, missing } from './difference.ts';
import { refusalsOf } from './refusals.ts';
import type { Schema } from './schema-rules.ts';
import type { Shown } from './shown.ts';

/** Interaction → how an example says that it is offered. */
const OFFERS: Record<ShapeInteraction, (shape: Shape) => string> = {
  create: ({ path, many, idempotency, port, aboutMe, status, tells }) =>
    [
      `POST ${path}`,
      many && `many by ${many.list}`,
      idempotency === 'required' && 'with an idempotency-key',
      aboutMe && 'by a person',
      status === 200 && 'answered 200',
      port && `then ${port}`,
      tells && `its id in ${tells.field} of the ${tells.shape}`,
    ]
      .filter(Boolean)
      .join(', '),
  read: ({ itemPath }) => `GET ${itemPath}`,
  search: ({ path, plural, take, most }) =>
    [`GET ${path}`, plural && `in a list called ${plural}`, TAKES[take], most !== MOST_AT_ONCE && `${most} at most`]
      .filter(Boolean)
      .join(', '),
  update: ({ itemPath }) => `PATCH ${itemPath}`,
  replace: ({ itemPath }) => `PUT ${itemPath}`,
  delete: ({ itemPath }) => `DELETE ${itemPath}`,
  perform: ({ itemPath, me, answers }) =>
    [`POST ${itemPath}`, me && 'by a person', answers && `answered as a ${answers}`].filter(Boolean).join(', '),
};

const TAKES = { page: '', all: 'all at once', first: 'the first alone' };

/** Key of an example → what is wrong; empty when what the example shows is so. */
export const KINDS: Readonly<Record<string, (shown: Shown) => string[]>> = {
  request: created,
  several: divided,
  stored: shown,
  change: changed,
  replace: changed,
  perform: changed,
  changeRefused,
  base: refused,
  refuse: refused,
  search: ({ loaded: { shape }, example: { search, query, asks, env } }) => [
    ...differences(shape.query(search!, envOf({ now: NOW, ...env })), query, 'the FHIR search'),
    ...(asks ? differences(shape.asked(search!).map(asking), asks, 'the ids it asks for') : []),
  ],
  none: ({ loaded: { shape }, example: { none, page, facts, search = {} } }) =>
    differences(shape.list([], page!, facts!, search), none, 'the answer'),
  searchRefused,
  same: compared,
  joins: ({ loaded: { shape }, example }) =>
    differences(
      shape.joins.map((join) => join.search(example.joins!)),
      example.queries,
      'the searches',
    ),
  links: linked,
  finds: ({ loaded: { shape }, example: { finds, queries } }) =>
    differences([...(shape.rows ? [shape.rows.search(finds!.id)] : []), shape.into(finds!.into)], queries, 'the searches'),
  accepts: accepted,
  touches: touched,
  indexes: indexed,
  offers: ({ loaded: { shape }, example }) =>
    differences(
      shape.interactions.map((one) => OFFERS[one](shape)),
      example.offers,
      'what is offered',
    ),
  prints: printed,
  says: ({ loaded: { shape }, example }) => missing(shape.says, example.says, 'its text'),
};

const asking = ({ type, id, missing }: AskedId): object => ({ type, id, ...(missing && { missing }) });

function refused({ loaded: { shape }, example }: Shown): string[] {
  const base = example.base ? shape.check(example.base, NOW).map(({ text }) => `the base is refused: ${text}`) : [];
  return [...base, ...refusalsOf(example).flatMap(({ body, field }) => refusedFor(shape.check(body, NOW), field))];
}

function changeRefused({ loaded, example }: Shown): string[] {
  return refusedFor(refusedChange(loaded, example), example.field);
}

function refusedFor(issues: Issue[], field: string | null | undefined): string[] {
  const named = issues.map(({ expression }) => expression?.[0] ?? null);
  const unsaid = issues.filter(({ text }) => !isSaid(text, field ?? null)).map(({ text }) => `the refusal says "${text}"`);
  if (!issues.length) return [`the body is taken, and ${field ?? 'it'} should be refused`];
  if (field === undefined) return issues.map(({ text }, at) => `the refusal says "${text}": write field: ${named[at]}`);
  return [...differences(named, [field], 'the fields that are refused'), ...unsaid];
}

/** A refusal begins with the field and goes on with the rule. */
const isSaid = (text: string, field: string | null): boolean =>
  field === null ? text.startsWith('the body must be') : [`${field} must`, `${field} is required`].some((start) => text.startsWith(start));

function searchRefused({ loaded: { shape }, example }: Shown): string[] {
  try {
    return [`it is not refused: it becomes ${shape.query(example.searchRefused!, envOf({ now: NOW }))}`];
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const { issues, kind } = error;
    return [
      ...differences(kind, example.kind ?? 'parameter', 'the kind of failure'),
      ...differences(
        issues.map(({ expression }) => expression?.[0]),
        [example.field],
        'the parameters that are refused',
      ),
    ];
  }
}

/** A request of several items: each of them as the request for one would say it. */
function divided({ loaded: { shape }, example: { several, items } }: Shown): string[] {
  if (!shape.many) return ['several: a request of this mapping makes one item'];
  return [
    ...shape.check(several!, NOW).map(({ text }) => `the request is refused: ${text}`),
    ...differences(shape.many.items(shape.known(several!)), items, 'the items'),
  ];
}

/** Whether two items that one request or two may list have one id. */
function comparedMany({ loaded: { shape }, example }: Shown): string[] {
  const [one, other] = example.of!.map((body) => shape.many!.idOf(itemIn(shape, body), envOf())) as [string?, string?];
  return one === undefined
    ? ['the mapping does not say when two items are the same (many.identity)']
    : differences(one === other, example.same, 'whether they are the same');
}

function compared({ loaded, example, world, samples }: Shown): string[] {
  if (loaded.shape.many) return comparedMany({ loaded, example, world, samples });
  const { shape } = loaded;
  const [a, b] = example.of!;
  const [found, back] = [shape.duplicates(shape.known(a)), shape.duplicates(shape.known(b))];
  if (!found || !back) return ['the mapping does not say when two items are the same (unique:)'];
  const stored = (view: View): View => shape.read(shape.write(shape.known(view), undefined, envOf()), envOf());
  const [one, other] = [found.candidates.some((way) => way.same(stored(b))), back.candidates.some((way) => way.same(stored(a)))];
  const locked = found.keys.some((key) => back.keys.includes(key));
  return [
    ...(example.candidates
      ? differences(
          found.candidates.map(({ search }) => search),
          example.candidates,
          'the searches for candidates',
        )
      : []),
    ...differences([one, other], [example.same, example.same], 'whether they are the same, either way round,'),
    ...(example.same && !locked ? ['two that are the same must have a key in common to be locked by'] : []),
  ];
}

function linked({ loaded: { shape }, example: { links = {}, queries, linked: expected } }: Shown): string[] {
  const searches = shape.links.map(({ search }) => search(links));
  const unasked = shape.links.map(({ search }) => search({}));
  const made = shape.links.reduce(
    (out, { put }, nth) => put(out, `${String(searches[nth]).split('?')[0]}/1`),
    shape.write(links, undefined, envOf()),
  );
  const renamed = (name: string): object => shape.write({ [name]: 'Another' }, made, envOf(), { server: true });
  const kept = Object.keys(links).filter((name) => count(renamed(name)) !== count(made) - 1);
  return [
    ...differences(searches, queries, 'the searches'),
    ...differences(
      unasked,
      searches.map(() => undefined),
      'without a name, the searches',
    ),
    ...missing(made, expected, 'linked, the resource'),
    ...kept.map((name) => `another ${name} must not keep the reference of the one before`),
  ];
}

/** How many references there are in a resource. */
const count = (resource: object): number => JSON.stringify(resource).split('"reference":').length - 1;

function accepted({ loaded: { shape }, example }: Shown): string[] {
  const { field, request, id, missing: kind, yes, no, led } = example.accepts!;
  const rule = shape.exists.find((one) => one.field === field);
  if (!rule) return [`${field} need not exist`];
  return [
    ...differences(
      [rule.of(request).map((one) => one.id), rule.of({}), rule.missing],
      [[id].flat(), [], kind],
      'the ids, the ids of nothing, and the answer',
    ),
    ...differences(
      [...yes, ...no].map((target) => rule.accepts(target, request, led)),
      [...yes.map(() => true), ...no.map(() => false)],
      'whether each goes with the request',
    ),
  ];
}

function touched({ loaded: { mapping }, example: { touches } }: Shown): string[] {
  const [rule] = touchesOf(mapping.content);
  if (!rule) return ['no join of this mapping touches (leaving: touches)'];
  return [
    ...differences(rule.on, touches!.on, 'the type that leaves'),
    ...touches!.cases.flatMap(({ next, left }, nth) =>
      differences(rule.left(touches!.previous, next ?? undefined, ''), left, `in case ${nth + 1}, what is left`),
    ),
  ];
}

function indexed({ example: { indexes }, world: { profiles, registry } }: Shown): string[] {
  return indexes!.flatMap(({ parameter, resource, values }) => {
    const definition = profiles.searchParameters.find(({ url }) => url?.endsWith(`/${parameter}`));
    const found = definition && registry.lookup(resource.resourceType, definition.code);
    if (!found) return [`fhir-profiles/ defines no SearchParameter ${parameter} for ${resource.resourceType}`];
    const seen = found.values(resource).map(({ value }) => value as { reference?: string; value?: string });
    return differences(
      seen.map((value) => value.reference ?? value.value ?? value),
      values,
      `what ${parameter} sees`,
    );
  });
}

/** The request is the printed one word for word; of an answer each property has the printed type, format and words, in the printed order. */
function printed({ loaded: { shape }, example: { prints = {} } }: Shown): string[] {
  const { $schema: _, ...request } = shape.requestSchema as Schema;
  const { properties: shown = {} } = shape.responseSchema as Schema;
  const { properties = {} } = prints.response ?? {};
  return [
    ...(prints.request ? differences(request, prints.request, 'the schema of a request') : []),
    ...(prints.response ? differences(Object.keys(shown), Object.keys(properties), 'the order of the keys') : []),
    ...Object.entries(properties).flatMap(([name, rules]) => otherRules(shown[name], rules, name)),
  ];
}

/** Where the rules of a field differ from those that are printed, in the objects inside of it too. */
const otherRules = (shown: Schema | undefined, printed: Schema, name: string): string[] => [
  ...differences(ruled(shown), ruled(printed), `the schema of ${name} in an answer`),
  ...Object.entries(printed.properties ?? {}).flatMap(([inner, rules]) =>
    otherRules(shown?.properties?.[inner], rules, `${name}.${inner}`),
  ),
];

const ruled = ({ type, format, enum: words }: Schema = {}): Schema => ({ type, format, enum: words });
