// What went wrong with a request: the server's words, and what the user can do.
interface Problem {
  text: string;
  /** The FHIRPath of the element. */
  expression?: string | undefined;
  severity?: string | undefined;
  /** Of an OperationOutcome. https://hl7.org/fhir/R4/valueset-issue-type.html */
  code?: string | undefined;
}

export class ApiError extends Error {
  /** 0: no response. */
  readonly status: number;
  readonly problems: Problem[];
  readonly requestId: string | undefined;
  /** When the server may be asked again, in ms, if it says so. */
  readonly retryAt: number | undefined;

  constructor(
    status: number,
    problems: Problem[],
    { requestId, retryAt }: { requestId?: string | undefined; retryAt?: number | undefined } = {},
  ) {
    super(problems.map(({ text }) => text).join('; '));
    this.name = 'ApiError';
    this.status = status;
    this.problems = problems;
    this.requestId = requestId;
    this.retryAt = retryAt;
  }

  /** What the user can do. */
  get remedy(): string | undefined {
    return REMEDIES[this.status] ?? (this.status >= 500 ? REMEDIES[500] : undefined);
  }
}

/** An error of the page itself is shown in the same way. */
export const toApiError = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError(-1, [{ text: `the console failed: ${error instanceof Error ? error.message : String(error)}` }]);

const REMEDIES: Readonly<Record<number, string>> = {
  0: 'Check that the server runs and that you are connected, then try again.',
  401: 'Sign in again, or add a key for this API to your session.',
  403: 'Ask an administrator for a key with the scope that is named, and add it to your session.',
  404: 'It may have been moved or never existed. Check the type and the id.',
  409: 'Read the current version and try again.',
  410: 'It was deleted. Its history still shows the earlier versions.',
  412: 'Someone changed it meanwhile. Compare the versions before you save again.',
  429: 'Wait until the limit is reset, then try again.',
  500: 'Try again. If it happens again, give the request id to an operator.',
  503: 'The server is busy or starting. Try again in a moment.',
};

/** The problems in a body: an OperationOutcome, `{error, message}`, or a vendor's own error. */
export function readProblems(body: unknown, status: number): Problem[] {
  if (typeof body === 'object' && body !== null) {
    const { issue, message, error } = body as { issue?: Issue[]; message?: unknown; error?: unknown };
    if (Array.isArray(issue)) return issue.map(toProblem);
    if (typeof message === 'string') return [{ text: message }];
    if (typeof error === 'string') return [{ text: error }];
    if (typeof error === 'object' && error !== null && 'message' in error) return [{ text: String(error.message) }];
  }
  return [{ text: `the server responded with status ${status}` }];
}

interface Issue {
  severity?: string;
  code?: string;
  diagnostics?: string;
  details?: { text?: string };
  expression?: string[];
}

const toProblem = ({ severity, code, diagnostics, details, expression }: Issue): Problem => ({
  text: details?.text ?? diagnostics ?? 'no text',
  expression: expression?.[0],
  severity,
  code,
});
