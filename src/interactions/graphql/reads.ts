// Reads resources by id and by reference for a GraphQL query: those of one level in one statement. https://hl7.org/fhir/R4/graphql.html#references
import { type GraphqlNode, toResourceNode } from '../../fhir/graphql/node.ts';
import { businessRule, FhirError, notFound } from '../../fhir/outcome.ts';
import { findContainedResource, normalizeReference, readReferenceType, readReferenceVersion } from '../../fhir/reference.ts';
import { ID_PATTERN, isResource, isServed, type ServedType } from '../../fhir/types.ts';
import { parseBody, parseExactBody } from '../../store/resources/resource-row.ts';
import type { ResourceName } from '../../store/search/referrers.ts';
import { type Context, toSizeLimit } from '../context.ts';
import { toReadable, vread } from '../read.ts';
import { requireReadScope } from '../scope-filter.ts';
import { Batch } from './batch.ts';
import type { GraphqlBudget } from './budget.ts';

export const toNode = (body: string): GraphqlNode => toResourceNode(parseBody(body), parseExactBody(body));

interface TargetOptions {
  types?: readonly string[];
  optional: boolean;
}

/** The reads of one request. */
export class GraphqlReads {
  private readonly context: Context;
  private readonly budget: GraphqlBudget;
  private readonly batch: Batch<ResourceName, GraphqlNode>;

  constructor(context: Context, budget: GraphqlBudget) {
    this.context = context;
    this.budget = budget;
    this.batch = new Batch(
      ({ type, id }) => `${type}/${id}`,
      (names) => this.load(names),
    );
  }

  async read(type: ServedType, id: string): Promise<GraphqlNode> {
    requireReadScope(this.context.caller, type);
    if (!ID_PATTERN.test(id)) throw notFound(`there is no ${type} with this id`);
    return this.batch.get({ type, id });
  }

  /** Refuses (422) a reference that cannot be resolved, unless it is optional. */
  async resolve(reference: GraphqlNode, { types, optional }: TargetOptions): Promise<GraphqlNode | null> {
    const { reference: text } = reference.plain;
    const type = typeof text === 'string' && text.startsWith('#') ? undefined : readReferenceType(reference.plain);
    if (type !== undefined && types && !types.includes(type)) return null;
    try {
      const target = await this.findTarget(reference.root, text);
      return types && !types.includes(target.type) ? null : target;
    } catch (error) {
      if (!(error instanceof FhirError) || !UNRESOLVED.has(error.kind)) throw error;
      if (optional) return null;
      throw error.kind === 'forbidden'
        ? error
        : businessRule('a reference leads to no resource that can be read: add optional: true to resource');
    }
  }

  private async findTarget(root: GraphqlNode['root'], text: unknown): Promise<GraphqlNode> {
    if (typeof text !== 'string') throw notFound('the reference has no target');
    if (text.startsWith('#')) return toContainedNode(root, text);
    const [type, id] = normalizeReference(text, this.context.baseUrl)?.split('/', 2) ?? [];
    if (type === undefined || id === undefined || !isServed(type)) throw notFound('the target is not in this server');
    const versionId = readReferenceVersion(text);
    if (versionId === undefined) return this.read(type, id);
    requireReadScope(this.context.caller, type);
    this.budget.countSearch();
    this.budget.countResources(1);
    return toNode((await vread(this.context, { type, id, versionId })).body);
  }

  private async load(names: ResourceName[]): Promise<(GraphqlNode | Error)[]> {
    this.budget.countResources(names.length);
    const { store, caller } = this.context;
    const rows = await store.readMany(caller.tenant, names, toSizeLimit(this.context).maxBytes);
    const found = new Map(rows.map((row) => [`${row.type}/${row.id}`, row]));
    return names.map(({ type, id }) => {
      try {
        return toNode(toReadable(this.context, type, found.get(`${type}/${id}`)).body);
      } catch (error) {
        if (error instanceof FhirError) return error;
        throw error;
      }
    });
  }
}

/** "If the server cannot resolve the reference (e.g. resource does not exist, or user security rights or choices do not permit resource to be seen)" */
const UNRESOLVED: ReadonlySet<string> = new Set(['not-found', 'deleted', 'forbidden']);

function toContainedNode(root: GraphqlNode['root'], text: string): GraphqlNode {
  const [exact, plain] = [findContainedResource(root.exact, text), findContainedResource(root.plain, text)];
  if (!isResource(exact) || !isResource(plain)) throw notFound('the resource has no contained resource with this id');
  return { type: plain.resourceType, exact, plain, root };
}
