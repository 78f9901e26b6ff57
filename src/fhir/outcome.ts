// All failures are a FhirError, which carries the issues of an OperationOutcome. The functions below create them.
// https://hl7.org/fhir/R4/operationoutcome.html, issue codes: https://hl7.org/fhir/R4/valueset-issue-type.html
// An error text names the element and the rule, but never the value, because values may be PHI.

/** One issue. `text`: the expectation. `expression`: the elements, as FHIRPath (`Patient.name[0].family`). */
export interface Issue {
  severity: 'fatal' | 'error' | 'warning' | 'information';
  code: string;
  text: string;
  expression?: string[];
}

/** The kinds of errors. A surface may use another status for a kind (`errors:` in surface.yaml). */
export const ERROR_KINDS = {
  structure: { status: 400, code: 'structure' },
  invalid: { status: 400, code: 'invalid' },
  /** An error in the URL. Some vendors distinguish it from an error in a body. */
  parameter: { status: 400, code: 'invalid' },
  'not-supported': { status: 400, code: 'not-supported' },
  /** A header asks for another method. */
  override: { status: 400, code: 'not-supported' },
  rule: { status: 422, code: 'business-rule' },
  login: { status: 401, code: 'login' },
  forbidden: { status: 403, code: 'forbidden' },
  'not-found': { status: 404, code: 'not-found' },
  method: { status: 405, code: 'not-supported' },
  'not-acceptable': { status: 406, code: 'not-supported' },
  conflict: { status: 409, code: 'conflict' },
  duplicate: { status: 409, code: 'duplicate' },
  deleted: { status: 410, code: 'deleted' },
  'version-mismatch': { status: 412, code: 'conflict' },
  'multiple-matches': { status: 412, code: 'multiple-matches' },
  'too-long': { status: 413, code: 'too-long' },
  media: { status: 415, code: 'not-supported' },
  throttled: { status: 429, code: 'throttled' },
  exception: { status: 500, code: 'exception' },
  upstream: { status: 502, code: 'transient' },
  unavailable: { status: 503, code: 'transient' },
} as const;

export type ErrorKind = keyof typeof ERROR_KINDS;

/** The error that a client gets. `headers` are sent with the response. */
export class FhirError extends Error {
  readonly kind: ErrorKind;
  readonly issues: Issue[];
  readonly headers: Record<string, string>;

  constructor(kind: ErrorKind, issues: Issue[], headers: Record<string, string> = {}) {
    super(issues.map((issue) => issue.text).join('; '));
    this.name = 'FhirError';
    this.kind = kind;
    this.issues = issues;
    this.headers = headers;
  }
}

/** The realm in the challenges of the FHIR API. https://www.rfc-editor.org/rfc/rfc9110#section-11.5 */
export const FHIR_REALM = 'fhir';

/** The message of any thrown value. */
export const readErrorMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error));

type Where = string | string[] | undefined;

const buildError = (kind: ErrorKind, text: string, where?: Where, headers?: Record<string, string>): FhirError =>
  new FhirError(kind, [issue(ERROR_KINDS[kind].code, text, where)], headers);

/** An error-level issue; `where` is one FHIRPath expression or several. */
export function issue(code: string, text: string, where?: Where): Issue {
  const expression = where === undefined ? undefined : [where].flat();
  return { severity: 'error', code, text, ...(expression && { expression }) };
}

export const invalidStructure = (text: string, where?: Where) => buildError('structure', text, where);
export const invalid = (text: string, where?: Where) => buildError('invalid', text, where);
export const invalidParameter = (text: string, where?: Where) => buildError('parameter', text, where);
/** A reference has no target. `where`: the field or parameter with the reference. */
export const unresolvedReference = (kind: ErrorKind, type: string, where: string) =>
  buildError(kind, `${where} leads to no ${type} that exists`, where);
export const invalidIssues = (issues: Issue[]) => new FhirError('invalid', issues);
export const notSupported = (text: string, where?: Where) => buildError('not-supported', text, where);
export const methodOverrideIgnored = (header: string) =>
  buildError('override', `${header} is not followed: send the method that is meant`, header);
export const businessRule = (text: string, where?: Where) => buildError('rule', text, where);
export const businessRules = (issues: Issue[]) => new FhirError('rule', issues);
export const loginRequired = (text: string) => buildError('login', text);
/** A bearer token is not accepted. https://www.rfc-editor.org/rfc/rfc6750#section-3: the description may have neither quotes nor backslashes. */
export const invalidToken = (text: string) =>
  buildError('login', text, undefined, {
    'WWW-Authenticate': `Bearer realm="${FHIR_REALM}", error="invalid_token", error_description="${text.replace(/[^ -~]|["\\]/g, "'")}"`,
  });
/** A webhook message without a valid signature. The reason is not revealed to the sender. */
export const invalidSignature = () => buildError('login', 'this message is not accepted', undefined, { 'WWW-Authenticate': 'Signature' });
export const forbidden = (text: string) => buildError('forbidden', text);

/** The caller's scopes do not cover the request; `scope` is the smallest that does. */
export class InsufficientScope extends FhirError {
  readonly scope: string;

  constructor(text: string, scope: string) {
    super('forbidden', [issue(ERROR_KINDS.forbidden.code, `${text}: it needs ${scope}`)]);
    this.scope = scope;
  }
}
export const notFound = (text: string, where?: Where) => buildError('not-found', text, where);
/** A resource type is not served. https://hl7.org/fhir/R4/http.html#Status-Codes */
export const typeNotServed = (text: string) => new FhirError('not-found', [issue('not-supported', text)]);
export const methodNotAllowed = (allowed: string[]) =>
  buildError('method', `this path answers ${allowed.join(', ')}`, undefined, { Allow: allowed.join(', ') });
export const notAcceptable = (text: string) => buildError('not-acceptable', text);
export const conflict = (text: string, where?: Where) => buildError('conflict', text, where);
/** Concurrent requests keep writing the same resource. The request is valid and can be repeated. */
export const writeContention = (text: string) => buildError('conflict', text, undefined, { 'Retry-After': '1' });
export const duplicate = (text: string, where?: Where) => buildError('duplicate', text, where);
/** `headers`: the version that records the deletion. */
export const deleted = (text: string, headers?: Record<string, string>) => buildError('deleted', text, undefined, headers);
export const versionMismatch = (text: string) => buildError('version-mismatch', text);
export const multipleMatches = (text: string) => buildError('multiple-matches', text);
/** The result would need more than the server spends on one request. */
export const tooCostly = (text: string) => new FhirError('rule', [issue('too-costly', text)]);
export const tooLong = (text: string) => buildError('too-long', text);
export const unsupportedMedia = (text: string, headers?: Record<string, string>) => buildError('media', text, undefined, headers);
export const throttled = (text: string, retryAfter: number) =>
  buildError('throttled', text, undefined, { 'Retry-After': String(retryAfter) });
/** `retryAfter`: seconds until a repeated request may succeed. Absent: repeating the request does not help. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export const upstream = (text: string, retryAfter?: number) =>
  buildError('upstream', text, undefined, retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) });
export const unavailable = (text: string, retryAfter: number) =>
  buildError('unavailable', text, undefined, { 'Retry-After': String(retryAfter) });
