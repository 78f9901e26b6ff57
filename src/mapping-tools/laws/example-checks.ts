// The checks of examples, by their keys: each returns the errors in the mapping or in the example.

import { toRecord } from '../../fhir/json-values.ts';
import { FhirError, type Issue } from '../../fhir/outcome.ts';
import { buildExampleEnv, EXAMPLE_TIME } from '../../mapping/load/examples.ts';
import { buildTouchRules } from '../../mapping/query/joins.ts';
import { type IdParameter, type JsonSchema, MAX_LIST_ITEMS, type Shape, type ShapeInteraction, type View } from '../../mapping/shape.ts';
import { checkChange, findChangeErrors } from './check-change.ts';
import { checkCreate, checkRead } from './check-resource.ts';
import { findDifferences, findMissing } from './differences.ts';
import { type ExampleContext, readRequestItem } from './example-context.ts';
import { listRefusedBodies } from './refused-bodies.ts';

/** Interaction → its text in `offers:`. */
const OFFERS: Record<ShapeInteraction, (shape: Shape) => string> = {
  create: ({ path, batch, idempotency, externalStep, isPersonal, createdStatus, linkBack }) =>
    [
      `POST ${path}`,
      batch && `many by ${batch.listField}`,
      idempotency === 'required' && 'with an idempotency-key',
      isPersonal && 'by a person',
      createdStatus === 200 && 'answered 200',
      externalStep && `then ${externalStep}`,
      linkBack && `its id in ${linkBack.field} of the ${linkBack.shape}`,
    ]
      .filter(Boolean)
      .join(', '),
  read: ({ itemPath, ignoredParameters }) => [`GET ${itemPath}`, ...ignoredParameters.map((name) => `ignoring ${name}`)].join(', '),
  search: ({ path, plural, take, maxItems }) =>
    [`GET ${path}`, plural && `in a list called ${plural}`, TAKE_TEXTS[take], maxItems !== MAX_LIST_ITEMS && `${maxItems} at most`]
      .filter(Boolean)
      .join(', '),
  update: ({ itemPath }) => `PATCH ${itemPath}`,
  replace: ({ itemPath }) => `PUT ${itemPath}`,
  delete: ({ itemPath }) => `DELETE ${itemPath}`,
  perform: ({ itemPath, itemIsCaller, responseShape }) =>
    [`POST ${itemPath}`, itemIsCaller && 'by a person', responseShape && `answered as a ${responseShape}`].filter(Boolean).join(', '),
};

const TAKE_TEXTS = { page: '', all: 'all at once', first: 'the first alone' };

/** Key of an example → its check. */
export const EXAMPLE_CHECKS: Readonly<Record<string, (context: ExampleContext) => string[]>> = {
  request: checkCreate,
  several: checkBatch,
  stored: checkRead,
  change: checkChange,
  replace: checkChange,
  perform: checkChange,
  changeRefused: checkRefusedChange,
  base: checkRefused,
  refuse: checkRefused,
  search: ({ loaded: { shape }, example: { search, query, asks, env } }) => [
    ...findDifferences(shape.buildQuery(search!, buildExampleEnv({ now: EXAMPLE_TIME, ...env })), query, 'the FHIR search'),
    ...(asks ? findDifferences(shape.readIdParameters(search!).map(toAskedId), asks, 'the ids it asks for') : []),
  ],
  none: ({ loaded: { shape }, example: { none, page, facts, search = {} } }) =>
    findDifferences(shape.wrapList([], page!, facts!, search), none, 'the answer'),
  searchRefused: checkRefusedSearch,
  same: checkSame,
  joins: ({ loaded: { shape }, example }) =>
    findDifferences(
      shape.joins.map((join) => join.buildSearch(example.joins!)),
      example.queries,
      'the searches',
    ),
  links: checkLinks,
  finds: ({ loaded: { shape }, example: { finds, queries } }) =>
    findDifferences([...(shape.rows ? [shape.rows.search(finds!.id)] : []), shape.buildTargetSearch(finds!.into)], queries, 'the searches'),
  accepts: checkReferenceRule,
  touches: checkTouches,
  indexes: checkIndexes,
  offers: ({ loaded: { shape }, example }) =>
    findDifferences(
      shape.interactions.map((interaction) => OFFERS[interaction](shape)),
      example.offers,
      'what is offered',
    ),
  prints: checkPrintedSchemas,
  says: ({ loaded: { shape }, example }) => findMissing(shape.messages, example.says, 'its text'),
};

const toAskedId = ({ type, id, missing }: IdParameter): object => ({ type, id, ...(missing && { missing }) });

function checkRefused({ loaded: { shape }, example }: ExampleContext): string[] {
  const base = example.base ? shape.checkRequest(example.base, EXAMPLE_TIME).map(({ text }) => `the base is refused: ${text}`) : [];
  return [...base, ...listRefusedBodies(example).flatMap(({ body, field }) => checkRefusal(shape.checkRequest(body, EXAMPLE_TIME), field))];
}

function checkRefusedChange({ loaded, example }: ExampleContext): string[] {
  return checkRefusal(findChangeErrors(loaded, example), example.field);
}

function checkRefusal(issues: Issue[], field: string | null | undefined): string[] {
  const named = issues.map(({ expression }) => expression?.[0] ?? null);
  const unsaid = issues.filter(({ text }) => !namesField(text, field ?? null)).map(({ text }) => `the refusal says "${text}"`);
  if (!issues.length) return [`the body is taken, and ${field ?? 'it'} should be refused`];
  if (field === undefined) return issues.map(({ text }, at) => `the refusal says "${text}": write field: ${named[at]}`);
  return [...findDifferences(named, [field], 'the fields that are refused'), ...unsaid];
}

/** Whether an error text begins with the field, followed by the rule. */
const namesField = (text: string, field: string | null): boolean =>
  field === null ? text.startsWith('the body must be') : [`${field} must`, `${field} is required`].some((start) => text.startsWith(start));

function checkRefusedSearch({ loaded: { shape }, example }: ExampleContext): string[] {
  try {
    return [`it is not refused: it becomes ${shape.buildQuery(example.searchRefused!, buildExampleEnv({ now: EXAMPLE_TIME }))}`];
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const { issues, kind } = error;
    return [
      ...findDifferences(kind, example.kind ?? 'parameter', 'the kind of failure'),
      ...findDifferences(
        issues.map(({ expression }) => expression?.[0]),
        [example.field],
        'the parameters that are refused',
      ),
    ];
  }
}

/** Checks how a request with several items is split. */
function checkBatch({ loaded: { shape }, example: { several, items } }: ExampleContext): string[] {
  if (!shape.batch) return ['several: a request of this mapping makes one item'];
  return [
    ...shape.checkRequest(several!, EXAMPLE_TIME).map(({ text }) => `the request is refused: ${text}`),
    ...findDifferences(shape.batch.splitRequest(shape.pickKnownFields(several!)), items, 'the items'),
  ];
}

/** Checks whether two items have the same derived id. */
function compareBatchItems({ loaded: { shape }, example }: ExampleContext): string[] {
  const idOf = (body: View): string | undefined => shape.batch!.buildId(readRequestItem(shape, body), buildExampleEnv());
  const [one, other] = [idOf(example.of![0]), idOf(example.of![1])];
  return one === undefined
    ? ['the mapping does not say when two items are the same (many.identity)']
    : findDifferences(one === other, example.same, 'whether they are the same');
}

function checkSame({ loaded, example, world, samples }: ExampleContext): string[] {
  if (loaded.shape.batch) return compareBatchItems({ loaded, example, world, samples });
  const { shape } = loaded;
  const [a, b] = example.of!;
  const [found, back] = [shape.buildDuplicateCheck(shape.pickKnownFields(a)), shape.buildDuplicateCheck(shape.pickKnownFields(b))];
  if (!found || !back) return ['the mapping does not say when two items are the same (unique:)'];
  const stored = (view: View): View =>
    shape.read(shape.write(shape.pickKnownFields(view), undefined, buildExampleEnv()), buildExampleEnv());
  const [one, other] = [
    found.candidates.some((candidate) => candidate.isSame(stored(b))),
    back.candidates.some((candidate) => candidate.isSame(stored(a))),
  ];
  const locked = found.lockKeys.some((key) => back.lockKeys.includes(key));
  return [
    ...(example.candidates
      ? findDifferences(
          found.candidates.map(({ search }) => search),
          example.candidates,
          'the searches for candidates',
        )
      : []),
    ...findDifferences([one, other], [example.same, example.same], 'whether they are the same, either way round,'),
    ...(example.same && !locked ? ['two that are the same must have a key in common to be locked by'] : []),
  ];
}

function checkLinks({ loaded: { shape }, example: { links = {}, queries, linked: expected } }: ExampleContext): string[] {
  const searches = shape.links.map(({ buildSearch }) => buildSearch(links));
  const unasked = shape.links.map(({ buildSearch }) => buildSearch({}));
  const linked = shape.links.reduce(
    (out, { putReference }, index) => putReference(out, `${String(searches[index]).split('?')[0]}/1`),
    shape.write(links, undefined, buildExampleEnv()),
  );
  const renamed = (name: string): object => shape.write({ [name]: 'Another' }, linked, buildExampleEnv(), { server: true });
  const unlinked = Object.keys(links).filter((name) => countReferences(renamed(name)) !== countReferences(linked) - 1);
  return [
    ...findDifferences(searches, queries, 'the searches'),
    ...findDifferences(
      unasked,
      searches.map(() => undefined),
      'without a name, the searches',
    ),
    ...findMissing(linked, expected, 'linked, the resource'),
    ...unlinked.map((name) => `another ${name} must not keep the reference of the one before`),
  ];
}

/** The number of references in a resource. */
const countReferences = (resource: object): number => JSON.stringify(resource).split('"reference":').length - 1;

function checkReferenceRule({ loaded: { shape }, example }: ExampleContext): string[] {
  const { field, request, id, missing: kind, yes, no, led } = example.accepts!;
  const rule = shape.referenceRules.find((referenceRule) => referenceRule.field === field);
  if (!rule) return [`${field} need not exist`];
  return [
    ...findDifferences(
      [rule.readReferences(request).map((reference) => reference.id), rule.readReferences({}), rule.missing],
      [[id].flat(), [], kind],
      'the ids, the ids of nothing, and the answer',
    ),
    ...findDifferences(
      [...yes, ...no].map((target) => rule.acceptsTarget(target, request, led)),
      [...yes.map(() => true), ...no.map(() => false)],
      'whether each goes with the request',
    ),
  ];
}

function checkTouches({ loaded: { mapping }, example: { touches } }: ExampleContext): string[] {
  const [rule] = buildTouchRules(mapping.content);
  if (!rule) return ['no join of this mapping touches (leaving: touches)'];
  return [
    ...findDifferences(rule.joinedType, touches!.on, 'the type that leaves'),
    ...touches!.cases.flatMap(({ next, left }, index) =>
      findDifferences(rule.findAbandonedOwners(touches!.previous, next ?? undefined, ''), left, `in case ${index + 1}, what is left`),
    ),
  ];
}

function checkIndexes({ example: { indexes }, world: { profiles, registry } }: ExampleContext): string[] {
  return indexes!.flatMap(({ parameter, resource, values }) => {
    const definition = profiles.searchParameters.find(({ url }) => url?.endsWith(`/${parameter}`));
    const found = definition && registry.lookup(resource.resourceType, definition.code);
    if (!found) return [`fhir-profiles/ defines no SearchParameter ${parameter} for ${resource.resourceType}`];
    const extracted = found.evaluate(resource).map(({ value }) => value);
    return findDifferences(
      extracted.map((value) => toRecord(value).reference ?? toRecord(value).value ?? value),
      values,
      `what ${parameter} sees`,
    );
  });
}

/** Compares the schemas with the vendor's: the request exactly; of a response the order, and type, format and enum of each property. */
function checkPrintedSchemas({ loaded: { shape }, example: { prints = {} } }: ExampleContext): string[] {
  const { $schema: _, ...request } = shape.requestSchema;
  const { properties: actual = {} } = shape.responseSchema;
  const { properties = {} } = prints.response ?? {};
  return [
    ...(prints.request ? findDifferences(request, prints.request, 'the schema of a request') : []),
    ...(prints.response ? findDifferences(Object.keys(actual), Object.keys(properties), 'the order of the keys') : []),
    ...Object.entries(properties).flatMap(([name, rules]) => findSchemaDifferences(actual[name], rules, name)),
  ];
}

/** The differences in the rules of a field, and of its inner objects. */
const findSchemaDifferences = (schema: JsonSchema | undefined, printed: JsonSchema, name: string): string[] => [
  ...findDifferences(pickComparedRules(schema), pickComparedRules(printed), `the schema of ${name} in an answer`),
  ...Object.entries(printed.properties ?? {}).flatMap(([inner, rules]) =>
    findSchemaDifferences(schema?.properties?.[inner], rules, `${name}.${inner}`),
  ),
];

const pickComparedRules = ({ type, format, enum: words }: JsonSchema = {}): object => ({ type, format, enum: words });
