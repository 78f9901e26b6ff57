// What an envelope may say of the answer it wraps.
import type { ResponseFacts } from '../../mapping/shape.ts';
import type { RateLimitState } from './request-context.ts';

/** Facts of the answer being given now. */
export function buildResponseFacts(requestId: string, status: number, rate: RateLimitState | undefined): ResponseFacts {
  return { requestId, status, time: new Date().toISOString(), ...(rate && { rate }) };
}
