// One request of a vendor's API and its response, as values: nothing here knows Express or HTTP connections.
import type { ParsedJson } from '../fhir/json.ts';
import { isObject } from '../fhir/json-values.ts';
import { FhirError, type Issue, invalidIssues, invalidParameter, notFound } from '../fhir/outcome.ts';
import type { Context } from '../interactions/context.ts';
import type { PageTokens } from '../interactions/page-token.ts';
import type { PageInfo, Shape, View } from '../mapping/shape.ts';
import type { ExternalStep } from './external-step.ts';

export interface VendorRequest {
  shape: Shape;
  /** The caller, and the store as this caller may use it. */
  context: Context;
  /** The id in the path as the surface shows it; undefined for the collection. */
  id?: string | undefined;
  /** The other names of the route and what the path has in their place (`patient_id`). */
  pathParameters: Record<string, string>;
  query: [name: string, value: string][];
  /** `undefined` in both readings where the interaction takes no body. */
  body: ParsedJson;
  headers: { ifMatch?: string | undefined; ifNoneMatch?: string | undefined; idempotencyKey?: string | undefined };
  /** The URL of the collection as the caller reached it, absolute. */
  collectionUrl: string;
  /** What a create waits for outside the store (`port:` of the shape). */
  externalStep?: ExternalStep | undefined;
  pageTokens: PageTokens;
  /** Another shape of the same surface. */
  findShape(name: string): Shape;
}

/** What is sent, before it is put into the vendor's envelope. `text`: a whole body that was stored as it was sent. */
type Content =
  | { shape: Shape; view: View }
  | { shape: Shape; views: View[]; page: PageInfo; filters: Record<string, string> }
  | { text: string };

export interface VendorResponse {
  status: number;
  headers?: Record<string, string>;
  /** Absent: no body. */
  content?: Content;
}

export type VendorHandler = (request: VendorRequest) => Promise<VendorResponse>;

/** The parameters of the URL: each of these names at most once. Any other name is refused (400), because ignoring it would change the answer. */
export function parseParameters({ query }: VendorRequest, names: string[]): Record<string, string> {
  const unknown = query.find(([name]) => !names.includes(name));
  if (unknown)
    throw invalidParameter(`${toPrintableName(unknown[0])} is no parameter here${names.length ? `, which takes ${names.join(', ')}` : ''}`);
  const repeated = names.find((name) => query.filter(([other]) => other === name).length > 1);
  if (repeated !== undefined) throw invalidParameter(`${repeated} may occur only once`, repeated);
  return Object.fromEntries(query);
}

/** A name is repeated in an error text; anything else may be a patient's data. */
const toPrintableName = (name: string): string => (/^[a-z][a-z_.-]{0,40}$/i.test(name) ? name : 'one of the names in the URL');

/** The body of a create in both readings. */
interface CheckedBody {
  plain: View;
  exact: View;
}

/** Path parameters replace fields of the same name. Refuses what breaks a rule of the shape. */
export function readCheckedBody(request: VendorRequest): CheckedBody {
  const { body, pathParameters } = request;
  const plain = isObject(body.plain) ? { ...body.plain, ...pathParameters } : body.plain;
  checkBody(request, plain);
  // a body that is no object has not passed the check
  return { plain: toObject(plain), exact: { ...toObject(body.exact), ...pathParameters } };
}

/** A value that is no object has no fields. */
export const toObject = (value: unknown): View => (isObject(value) ? value : {});

/** More mistakes than these are not listed. */
const MAX_ISSUES = 20;

/** Refuses what breaks a rule (400). A path parameter that breaks one names nothing (404). */
export function checkBody({ shape, context, pathParameters }: VendorRequest, plain: unknown): void {
  const issues = shape.checkRequest(plain, context.clock().toISOString());
  if (issues.some(({ expression }) => expression?.some((name) => name in pathParameters))) throw notFound('there is nothing at this path');
  if (issues.length) throw invalidIssues(issues.slice(0, MAX_ISSUES));
}

/** Runs a write; errors that name FHIR elements name the vendor's fields instead. `toPlace`: how the request calls a field, if not by its name. */
export async function translateErrors<T>(shape: Shape, work: () => Promise<T>, toPlace = (field: string): string => field): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const issues = error.issues.map((issue) => (issue.expression?.some(isFhirPath) ? toVendorIssue(issue, shape, toPlace) : issue));
    throw new FhirError(error.kind, issues, error.headers);
  }
}

/** A vendor's fields begin with a small letter, the paths of FHIR with a type. */
const isFhirPath = (path: string): boolean => /^[A-Z]/.test(path);

/** The last expression is the most exact one (`patient_id`, then an element of that patient); expressions that no field leads to are left out. */
function toVendorIssue({ expression = [], ...issue }: Issue, shape: Shape, toPlace: (field: string) => string): Issue {
  const field = expression.flatMap((path) => shape.findField(path) ?? []).at(-1);
  if (field === undefined) return issue;
  const place = toPlace(field);
  return { ...issue, text: `${place}: ${issue.text}`, expression: [place] };
}
