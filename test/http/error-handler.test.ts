// The log entry of an unexpected error has names and places, and no content of the error.
import { toFhirError } from '../../src/http/middleware/error-handler.ts';

const exchange = { requestId: 'req_1a2b3c4d', surface: 'fhir', route: '/Patient/:id', signal: new AbortController().signal } as const;
const logged = (error: unknown) => {
  const lines: object[] = [];
  const answer = toFhirError(error, exchange, (facts) => lines.push(facts));
  return { line: JSON.stringify(lines), sent: JSON.stringify([answer.message, answer.issues]) };
};

test('the name, code and place of an error are logged; its message is neither logged nor sent', () => {
  const error = Object.assign(new TypeError('Ada Lovelace\nborn 1815-12-10'), { code: 'E_ODD', detail: 'Lovelace' });
  const { line, sent } = logged(error);
  expect(JSON.parse(line)).toEqual([
    {
      requestId: 'req_1a2b3c4d',
      route: '/Patient/:id',
      error: 'TypeError',
      code: 'E_ODD',
      at: expect.stringMatching(/error-handler\.test\.ts:\d+/),
    },
  ]);
  expect(line + sent).not.toMatch(/Lovelace|1815/);
});

test('a request id that a client chose is logged only if it is a UUID', () => {
  const log = (requestId: string) => {
    const ids: unknown[] = [];
    toFhirError(new TypeError(), { ...exchange, requestId }, (facts) => ids.push(facts.requestId));
    return ids[0];
  };
  const uuid = '01936b00-0000-7000-8000-0000000000ae';
  expect([log(uuid), log('Lovelace'), log('call-7')]).toEqual([uuid, undefined, undefined]);
});

test.each([
  ['a text', 'Lovelace'],
  ['an object', { family: 'Lovelace' }],
])('nothing of %s that was thrown is sent', (_what, error) => {
  const { line, sent } = logged(error);
  expect([JSON.parse(line).length, /Lovelace/.test(line + sent)]).toEqual([1, false]);
});
