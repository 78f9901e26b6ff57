// Builds the shape of a mapping: everything that the vendor API needs to handle its requests.

import { toRecord } from '../../fhir/json-values.ts';
import type { ServedType } from '../../fhir/types.ts';
import type { Aliases, WritablePath } from '../../fhir/writable-path/path.ts';
import type { CodeTables } from '../lens/derivations.ts';
import { type Field, toFileKeys } from '../lens/field.ts';
import { buildFieldFinder } from '../lens/field-finder.ts';
import { buildLens, type Lens } from '../lens/lens.ts';
import { isUnset } from '../lens/lens-read.ts';
import type { FieldLineage } from '../lens/lineage.ts';
import { buildDuplicateFinder } from '../query/duplicates.ts';
import { buildJoins } from '../query/joins.ts';
import { buildSearchSupport } from '../query/search-parameters.ts';
import { buildSearchText, listPlaceholders } from '../query/search-text.ts';
import { buildBatchCreate, buildRequestFields } from '../request/batch-create.ts';
import { buildBodyCheck } from '../request/body-check.ts';
import { buildChangePlanner } from '../request/change-plan.ts';
import { buildConflictCheck } from '../request/field-rules.ts';
import { buildRequestSchema, buildResponseSchema } from '../request/json-schema.ts';
import { pickKnownFields } from '../request/known-fields.ts';
import { buildReferenceRules, readValueAt } from '../request/reference-rules.ts';
import { buildShapeEnvelopes } from '../response/shape-envelopes.ts';
import { listPathParameters } from '../routes.ts';
import { MAX_LIST_ITEMS, type Shape, type Surface, type TracedField, type View } from '../shape.ts';
import type { MappingSpec, SurfaceSpec } from '../spec.ts';
import { toPublishedPlace } from './yaml-file.ts';

interface ShapeInput {
  name: string;
  mapping: MappingSpec;
  resource: ServedType;
  surface: Surface;
  surfaceSpec: SurfaceSpec;
  tables: CodeTables;
  /** The file and line of keys in the mapping file. */
  locateLine(keys: string[]): string;
  /** Receives each mistake, with its keys in the mapping file. */
  fault(keys: string[], error: unknown): void;
}

interface BuiltShape {
  shape: Shape;
  lens: Lens;
}

/** Whether every response shows an item that its own request created. */
const isCreateOnly = ({ interactions }: MappingSpec): boolean => interactions.every((interaction) => interaction === 'create');

/** Used where the vendor documents no text. */
const DEFAULT_MESSAGES = { duplicate: 'this exists already', idempotency: 'this idempotency-key was used with another body' };

/** The shape, and its lens for checks and tools. */
export function buildShape({ name, mapping, resource, surface, surfaceSpec, tables, locateLine, fault }: ShapeInput): BuiltShape {
  const aliases = surfaceSpec.systems;
  const lens = buildLens(mapping, { aliases, ids: surface, tables }, fault);
  const nullable = surfaceSpec.nulls === 'unset';
  const { checked, asked: requestFields, ...request } = buildRequestSupport(lens, mapping, nullable);
  const disagree = buildConflictCheck(lens);
  const { plural = '', interactions, idempotency = 'optional', belongs = [], except = {} } = mapping;
  const shape: Shape = {
    surface,
    name,
    resource,
    path: mapping.path.replace(/\/\{id\}.*$/, ''),
    itemPath: mapping.item || /\{id\}/.test(mapping.path) ? mapping.path : `${mapping.path}/{id}`,
    idName: lens.idName,
    plural,
    interactions,
    ...readTake(mapping),
    ...readPersonRules(mapping),
    createdStatus: mapping.createStatus ?? 201,
    ignoredParameters: Object.keys(mapping.ignores ?? {}),
    idempotency,
    hasNumbers: [lens.leaves, ...lens.lists.map(({ leaves }) => leaves)]
      .flat()
      .some(({ spec }) => /^(number|integer)$/.test(spec.type ?? '')),
    ...request,
    responseSchema: buildResponseSchema(lens.fields, [...belongs, ...(mapping.row ? [mapping.row.key] : [])], isCreateOnly(mapping)),
    ...buildShapeEnvelopes(mapping, surface, fault),
    isItem: (view) => belongs.every((name) => view[name] !== null) && !Object.entries(except).some(([name, word]) => view[name] === word),
    checkRequest(body, now) {
      const issues = checked(body, now);
      return issues.length ? issues : disagree(omitUnsetFields(toRecord(body)));
    },
    ...buildChangePlanner(lens.fields, { nullable, deep: surfaceSpec.patch !== 'replace', findConflicts: disagree }),
    pickKnownFields: (body) => pickKnownFields(requestFields, body),
    ...buildBatchCreate(mapping, lens.fields),
    ...buildAccess(lens, locateLine),
    findField: buildFieldFinder(mapping.resource, lens),
    ...buildSearchSupport(mapping, { aliases, ids: surface }, fault),
    joins: buildJoins(mapping, lens.names, fault),
    referenceRules: buildReferenceRules([...lens.leaves, ...lens.lists.flatMap(({ leaves }) => leaves)], aliases, fault),
    links: lens.leaves.flatMap((field) => buildLink(field, lens, aliases)),
    buildDuplicateCheck: buildDuplicateFinder(mapping, aliases),
    messages: { ...DEFAULT_MESSAGES, ...mapping.says },
    ...buildTargets(mapping, lens, aliases),
    ...(mapping.port !== undefined && { externalStep: mapping.port }),
  };
  return { shape, lens };
}

const buildAccess = ({ read, write, trace }: Lens, locateLine: ShapeInput['locateLine']): Pick<Shape, 'read' | 'write' | 'trace'> => ({
  read,
  write,
  trace: (resource, env) => trace(resource, env).map((field) => addDeclaration(field, locateLine)),
});

const addDeclaration = ({ field, ...traced }: FieldLineage, locateLine: ShapeInput['locateLine']): TracedField => ({
  ...traced,
  declaredAt: toPublishedPlace(locateLine(toFileKeys(field.keyPath))),
});

/** The searches for the resource that a create updates, and for the one that holds an item. */
function buildTargets({ resource, into, row }: MappingSpec, lens: Lens, aliases: Aliases): Pick<Shape, 'buildTargetSearch' | 'rows'> {
  const search = (template: string, values: Record<string, string>): string => `${resource}?${buildSearchText(template, aliases, values)}`;
  return {
    buildTargetSearch: (view, resolved) =>
      into === undefined ? null : search(into, readSearchValues(into, lens.fields, { view, resolved })),
    ...(lens.rows && row && { rows: { ...lens.rows, search: (id: string) => search(row.find, { '': id }) } }),
  };
}

/** Builds the fields of a create, in the body and in the path, and the check of both. */
function buildRequestSupport({ fields }: Lens, { path, many }: MappingSpec, nullable: boolean) {
  const requestFields = buildRequestFields(fields, many);
  const within = listPathParameters(path).filter((name) => name !== 'id');
  const inBody = requestFields.filter(({ name }) => !within.includes(name));
  const checked = buildBodyCheck(buildRequestSchema(requestFields, nullable), requestFields);
  const schema = buildRequestSchema(inBody, nullable);
  return { pathParameters: within, asked: requestFields, requestSchema: schema, requiresBody: 'required' in schema, checked };
}

/** The values of a view for the placeholders of a search; ids are FHIR ids. */
function readSearchValues(
  template: string,
  fields: Field[],
  { view, resolved }: { view: View; resolved?: ReadonlyMap<string, string> | undefined },
) {
  const textOf = (name: string): string => {
    const text = String(view[name] ?? '');
    const id = fields.find((field) => field.name === name)?.codec.parseTarget?.(text)?.id ?? text;
    return resolved?.get(id) ?? id;
  };
  return Object.fromEntries(listPlaceholders(template).map((name) => [name, textOf(name)]));
}

const omitUnsetFields = (view: View): View => Object.fromEntries(Object.entries(view).filter(([, value]) => !isUnset(value)));

function buildLink({ spec, keyPath }: Field, lens: Lens, aliases: SurfaceSpec['systems']): Shape['links'] {
  if (!spec.link) return [];
  const { to, search } = spec.link;
  const path: WritablePath = lens.names.compile(to);
  return [
    {
      buildSearch: (view) => {
        const name = readValueAt(view, keyPath);
        return typeof name === 'string' && name !== '' ? buildSearchText(search, aliases, { '': name }) : undefined;
      },
      putReference: (resource, reference) => path.put(resource, [reference]),
    },
  ];
}

/** `take` and `most` of a shape. */
const readTake = ({ take, most }: MappingSpec): Pick<Shape, 'take' | 'maxItems'> => ({
  take: take ?? 'page',
  maxItems: most ?? MAX_LIST_ITEMS,
});

/** The parts of a shape that concern the caller's own Patient. */
const readPersonRules = ({
  for: whom,
  item,
  answers,
  tells,
}: MappingSpec): Pick<Shape, 'itemIsCaller' | 'isPersonal' | 'responseShape' | 'linkBack'> => ({
  itemIsCaller: item === 'me',
  isPersonal: whom === 'person',
  ...(answers !== undefined && { responseShape: answers }),
  ...(tells && { linkBack: tells }),
});
