// The vendors' error responses, and the headers of every response.

import { ERROR_KINDS, type ErrorKind, issue } from '../../src/fhir/outcome.ts';
import { compileTemplate } from '../../src/mapping/response/envelope.ts';
import type { Surface } from '../../src/mapping/shape.ts';
import { shapes } from './examples.ts';

const surfaces = Object.fromEntries(shapes.map(({ shape }) => [shape.surface.name, shape.surface])) as Record<
  'loop' | 'clinik' | 'jump',
  Surface
>;
const facts = {
  requestId: 'req_12345678',
  time: '2026-01-01T00:00:00.000Z',
  status: 200,
  rate: { limit: 500, remaining: 489, reset: 3420 },
};
const issues = [issue('invalid', 'role is required', 'role'), issue('invalid', 'email must be a string', 'email')];
const kinds = Object.keys(ERROR_KINDS) as ErrorKind[];

test('errors have the format of each vendor', () => {
  expect(surfaces.loop.wrapError('invalid', issues, facts)).toEqual({
    status: 400,
    body: { error: 'validation_error', message: 'Validation error: role is required; email must be a string' },
  });
  const reported = [
    { severity: 'error', code: 'invalid', diagnostics: 'role is required' },
    { severity: 'error', code: 'invalid', diagnostics: 'email must be a string' },
  ];
  expect(surfaces.clinik.wrapError('invalid', issues, facts)).toEqual({
    status: 422,
    body: {
      error: 'role is required; email must be a string',
      message: 'role is required; email must be a string',
      code: 'VALIDATION_ERROR',
      requestId: 'req_12345678',
      issues: reported,
      issue: reported,
    },
  });
  expect(surfaces.jump.wrapError('not-found', [issue('not-found', 'there is nothing with this id')], facts)).toEqual({
    status: 404,
    body: { data: null, meta: { request_id: 'req_12345678' }, error: { code: 'NOT_FOUND', message: 'there is nothing with this id' } },
  });
});

test.each(Object.keys(surfaces) as (keyof typeof surfaces)[])(
  '%s responds to every kind of error with a status of its class, and a text even without issues',
  (name) => {
    for (const kind of kinds) {
      const { status, body } = surfaces[name].wrapError(kind, [], facts);
      expect([kind, Math.floor(status / 100)]).toEqual([kind, Math.floor(ERROR_KINDS[kind].status / 100)]);
      expect(surfaces[name].describeError(kind).status).toBe(status);
      expect(JSON.stringify(body)).toContain(surfaces[name].describeError(kind).says ?? kind);
    }
  },
);

test('malformed JSON and a broken rule differ where the vendor documents it', () => {
  expect(surfaces.clinik.describeError('structure')).toEqual({ status: 400, code: 'INVALID_JSON' });
  expect(surfaces.clinik.describeError('rule')).toEqual({ status: 422, code: 'VALIDATION_ERROR' });
  expect(surfaces.loop.describeError('upstream')).toEqual({ status: 502, code: 'junction_error', says: 'Junction API error' });
});

test('rate limit headers are those that the vendor documents, and absent without a rate limit', () => {
  expect(surfaces.clinik.buildHeaders(facts)).toEqual({
    'x-request-id': 'req_12345678',
    'x-timestamp': '2026-01-01T00:00:00.000Z',
    'x-ratelimit-limit': '500',
    'x-ratelimit-remaining': '489',
    'x-ratelimit-reset': '3420',
  });
  expect(Object.keys(surfaces.jump.buildHeaders(facts))).toEqual(['x-request-id', 'x-ratelimit-limit', 'x-ratelimit-remaining']);
  const { rate: _, ...unlimited } = facts;
  expect(Object.keys(surfaces.clinik.buildHeaders(unlimited))).toEqual(['x-request-id', 'x-timestamp']);
  expect(surfaces.loop.buildHeaders(facts)).toEqual({});
});

test('the envelope of a list has the items and the paging in the format of each vendor', () => {
  const page = { limit: 20, offset: 40, hasMore: true, nextOffset: 60, cursor: 'abc', total: 71 };
  expect(surfaces.loop.wrapList([{ id: '1' }], page, facts, 'patients')).toEqual({ patients: [{ id: '1' }], total: 71 });
  expect(surfaces.clinik.wrapList([], page, facts, '')).toMatchObject({
    data: { data: [], total: 71, cursor: 'abc', hasMore: true },
  });
  expect(surfaces.jump.wrapList([], page, facts, '')).toEqual({
    data: [],
    meta: { request_id: 'req_12345678', limit: 20, has_more: true, next_offset: 60 },
  });
});

test('rate limits and paging limits are those of the vendors', () => {
  expect([surfaces.loop.rateLimit, surfaces.clinik.rateLimit, surfaces.jump.rateLimit]).toEqual([
    null,
    { limit: 500, seconds: 3600, per: 'tenant' },
    { limit: 1000, seconds: 3600 },
  ]);
  expect(Object.values(surfaces).map(({ page }) => [page.default, page.max, page.clamp])).toEqual([
    [20, 100, false],
    [20, 100, true],
    [20, 100, false],
  ]);
});

test('a template with an unknown variable is refused', () => {
  expect(() => compileTemplate({ a: ['$nobody'] }, ['body'])).toThrow('there is no $nobody here; there are $body');
  expect(compileTemplate({ a: [1, '$body', null], $body: true }, ['body'])({ body: 'x' })).toEqual({ a: [1, 'x', null], x: true });
});

test('a template builds a list, an object of lists by a value, or a list of single values', () => {
  const issues = [
    { field: 'a', text: 'a is required', issueCode: 'required', severity: 'error' },
    { field: 'a', text: 'a is odd', issueCode: 'value', severity: 'error' },
    { field: null, text: 'something else', issueCode: 'invalid', severity: 'error' },
  ];
  const filled = (template: unknown) => compileTemplate(template, ['issues', 'code'])({ issues, code: 'E1' });
  expect(filled({ $each: 'issues', $value: '$text' })).toEqual(['a is required', 'a is odd', 'something else']);
  expect(filled({ $each: 'issues', at: '$field', code: '$code' })).toEqual([
    { at: 'a', code: 'E1' },
    { at: 'a', code: 'E1' },
    { at: null, code: 'E1' },
  ]);
  expect(filled({ $each: 'issues', $by: 'field', $value: '$text' })).toEqual({ a: ['a is required', 'a is odd'] });
  expect(() => compileTemplate({ $each: 'issues', $by: 'nobody' }, ['issues'])).toThrow('there is no $nobody here');
});
