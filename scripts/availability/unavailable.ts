// Whether a response tells the client that the server is unavailable and when to repeat the request, in the format of its API.
import type { Outcome } from './http-client.ts';

interface ErrorBody {
  resourceType?: string;
  issue?: { code?: string }[];
  error?: string;
  message?: string;
}

/** The error of each API. */
const ERRORS = {
  fhir: ({ resourceType, issue }: ErrorBody): boolean => resourceType === 'OperationOutcome' && issue?.[0]?.code === 'transient',
  loop: ({ error, message }: ErrorBody): boolean => error === 'temporarily_unavailable' && typeof message === 'string',
  probe: ({ error, message }: ErrorBody): boolean => error === 'unavailable' && typeof message === 'string',
};
const SECONDS = /^[1-9]\d*$/;

export function isUnavailable({ status, headers, text }: Outcome, api: keyof typeof ERRORS): boolean {
  if (status !== 503 || !SECONDS.test(headers['retry-after'] ?? '') || !headers['content-type']?.includes('json')) return false;
  return ERRORS[api](JSON.parse(text) as ErrorBody);
}
