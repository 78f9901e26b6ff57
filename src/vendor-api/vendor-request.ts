// One request of a vendor's API and its response, independent of Express.
import type { ParsedJson } from '../fhir/json.ts';
import { isObject, toRecord } from '../fhir/json-values.ts';
import { FhirError, type Issue, invalidIssues, invalidParameter, notFound } from '../fhir/outcome.ts';
import type { Context } from '../interactions/context.ts';
import type { PageTokens } from '../interactions/page-token.ts';
import type { PageInfo, Shape, View } from '../mapping/shape.ts';
import type { ExternalStep } from './external-step.ts';

export interface VendorRequest {
  shape: Shape;
  /** The caller, and the store for this request. */
  context: Context;
  /** The surface's id in the path. Undefined for the collection. */
  id?: string | undefined;
  /** The other parameters of the route, with their values in the path (`patient_id`). */
  pathParameters: Record<string, string>;
  query: [name: string, value: string][];
  /** Both members are `undefined` if the interaction has no body. */
  body: ParsedJson;
  headers: { ifMatch?: string | undefined; ifNoneMatch?: string | undefined; idempotencyKey?: string | undefined };
  /** The absolute URL of the collection, with the path that the caller used. */
  collectionUrl: string;
  /** The external step of a create (`port:` of the shape). */
  externalStep?: ExternalStep | undefined;
  pageTokens: PageTokens;
  /** Another shape of the same surface. */
  findShape(name: string): Shape;
}

/** The content of a response, without the vendor's envelope. `text`: a whole stored body, envelope included. */
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

/** The parameters of the URL. Refuses (400) a repeated name, and any name that is not listed: a client that sends it would expect another response. */
export function parseParameters({ query }: VendorRequest, names: string[]): Record<string, string> {
  const unknown = query.find(([name]) => !names.includes(name));
  if (unknown)
    throw invalidParameter(
      `${toPrintableName(unknown[0])} is not a parameter of this request${names.length ? `: it has ${names.join(', ')}` : ''}`,
    );
  const repeated = names.find((name) => query.filter(([other]) => other === name).length > 1);
  if (repeated !== undefined) throw invalidParameter(`${repeated} may occur only once`, repeated);
  return Object.fromEntries(query);
}

/** The name for an error text. A text that does not look like a name may be a patient's data, and is not repeated. */
const toPrintableName = (name: string): string => (/^[a-z][a-z_.-]{0,40}$/i.test(name) ? name : 'one of the names in the URL');

/** The body of a create: `plain` with JavaScript numbers, `exact` with the digits as sent. */
interface CheckedBody {
  plain: View;
  exact: View;
}

/** Checks the body against the rules of the shape. Path parameters replace fields of the same name. */
export function readCheckedBody(request: VendorRequest): CheckedBody {
  const { body, pathParameters } = request;
  const plain = isObject(body.plain) ? { ...body.plain, ...pathParameters } : body.plain;
  checkBody(request, plain);
  // checkBody has refused a body that is not an object
  return { plain: toRecord(plain), exact: { ...toRecord(body.exact), ...pathParameters } };
}

/** More mistakes than these are not listed. */
const MAX_ISSUES = 20;

/** Refuses what breaks a rule (400). A path parameter that breaks one names nothing (404). */
export function checkBody({ shape, context, pathParameters }: VendorRequest, plain: unknown): void {
  const issues = shape.checkRequest(plain, context.clock().toISOString());
  if (issues.some(({ expression }) => expression?.some((name) => name in pathParameters))) throw notFound('there is nothing at this path');
  if (issues.length) throw invalidIssues(issues.slice(0, MAX_ISSUES));
}

/** Runs a write, and translates FHIR paths in its errors into the vendor's fields. `toPlace`: the path of a field in the request, if it differs from the name. */
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

/** The last expression is the most exact one (`patient_id`, then an element of that patient). Expressions without a field are left out. */
function toVendorIssue({ expression = [], ...issue }: Issue, shape: Shape, toPlace: (field: string) => string): Issue {
  const field = expression.flatMap((path) => shape.findField(path) ?? []).at(-1);
  if (field === undefined) return issue;
  const place = toPlace(field);
  return { ...issue, text: `${place}: ${issue.text}`, expression: [place] };
}
