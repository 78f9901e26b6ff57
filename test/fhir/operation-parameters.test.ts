// The input parameters of every operation are read by one function. https://hl7.org/fhir/R4/operations.html#request
import { parseJson } from '../../src/fhir/json.ts';
import { readOperationParameters } from '../../src/fhir/operation-parameters.ts';
import type { FhirError } from '../../src/fhir/outcome.ts';
import { parseFhirPathPatch } from '../../src/fhir/patch/fhirpath-patch.ts';

const TABLE = {
  url: { type: 'uri' },
  count: { type: 'integer', least: 1 },
  exact: { type: 'boolean' },
  tag: { type: 'code', list: true },
  since: { type: 'instant' },
  subject: { type: 'Reference' },
  patient: { type: 'Patient', required: true, asBody: true },
  any: { type: 'Resource' },
  pair: { list: true },
} as const;
const PATIENT = { name: 'patient', resource: { resourceType: 'Patient', id: 'p' } };
const NAMES = 'the parameters of $try are url, count, exact, tag, since, subject, patient, any, pair';

const read = (body: unknown, query: [string, string][] = []) =>
  readOperationParameters('$try', TABLE, { query, ...(body !== undefined && { body: parseJson(JSON.stringify(body)) }) });
const send = (...parameter: unknown[]) => ({ resourceType: 'Parameters', parameter });

test('values have the form of their type, wherever they are sent', () => {
  const input = read(
    send(
      PATIENT,
      { name: 'tag', valueCode: 'a' },
      { name: 'tag', valueString: 'b' },
      { name: 'subject', valueReference: { reference: 'x' } },
      { name: 'pair', part: [{ name: 'left', valueCode: 'l' }] },
    ),
    [
      ['count', '7'],
      ['exact', 'true'],
      ['url', 'urn:x'],
      ['_format', 'json'],
    ],
  );
  expect([input.integer('count'), input.flag('exact'), input.text('url'), input.texts('tag')]).toEqual([7, true, 'urn:x', ['a', 'b']]);
  expect([input.element('subject'), input.resource('patient'), input.resource('any')]).toEqual([
    { reference: 'x' },
    PATIENT.resource,
    undefined,
  ]);
  expect(input.elements('pair')).toEqual([{ name: 'pair', part: [{ name: 'left', valueCode: 'l' }] }]);
  expect(input.values('tag').map(({ where }) => where)).toEqual([
    'Parameters.parameter[1].valueCode',
    'Parameters.parameter[2].valueString',
  ]);
  expect(input.names).toEqual(['count', 'exact', 'url', 'patient', 'tag', 'subject', 'pair']);
});

test('a resource alone is the body, and numbers in it keep their digits', () => {
  const body = parseJson('{"resourceType":"Patient","n":1.00}');
  expect(JSON.stringify(readOperationParameters('$try', TABLE, { body }).parsedResource('patient')!.exact)).toBe(
    '{"resourceType":"Patient","n":1.00}',
  );
  const posted = parseJson('{"resourceType":"Parameters","parameter":[{"name":"patient","resource":{"resourceType":"Patient","n":1.00}}]}');
  expect(JSON.stringify(readOperationParameters('$try', TABLE, { body: posted }).parsedResource('patient')!.exact)).toBe(
    '{"resourceType":"Patient","n":1.00}',
  );
});

const AT = 'Parameters.parameter[1]';
test.each<[string, unknown, string, string, string | undefined]>([
  ['a list', [PATIENT], 'structure', `the body must be a Parameters resource, or a Patient alone: ${NAMES}`, undefined],
  [
    'a resource of another type',
    { resourceType: 'Group' },
    'structure',
    `the body must be a Parameters resource, or a Patient alone: ${NAMES}`,
    undefined,
  ],
  ['parameters that are no list', { resourceType: 'Parameters', parameter: {} }, 'structure', 'a list is expected', 'Parameters.parameter'],
  ['a parameter that is no object', send(PATIENT, 'url'), 'structure', 'a parameter has a name', AT],
  ['a parameter without a name', send(PATIENT, { valueCode: 'x' }), 'structure', 'a parameter has a name', AT],
  ['an unknown parameter', send(PATIENT, { name: 'uri', valueUri: 'x' }), 'not-supported', NAMES, AT],
  ['a name of every object', send(PATIENT, { name: 'constructor', valueUri: 'x' }), 'not-supported', NAMES, AT],
  ['a parameter twice', send(PATIENT, PATIENT), 'invalid', 'patient may occur only once', AT],
  ['a required parameter missing', send(), 'invalid', '$try needs the parameter patient with resource', 'Parameters.parameter'],
  ['no value', send(PATIENT, { name: 'tag' }), 'structure', 'tag needs valueCode', AT],
  ['a text instead of a time', send(PATIENT, { name: 'since', valueString: '2026-01-01' }), 'structure', 'since needs valueInstant', AT],
  ['a value of another type', send(PATIENT, { name: 'count', valueDecimal: 1 }), 'structure', 'count needs valueInteger', AT],
  ['a text that is none', send(PATIENT, { name: 'url', valueUri: 1 }), 'structure', 'a text is expected', `${AT}.valueUri`],
  ['an empty text', send(PATIENT, { name: 'url', valueUri: '' }), 'structure', 'a text is expected', `${AT}.valueUri`],
  [
    'a boolean as text',
    send(PATIENT, { name: 'exact', valueBoolean: 'true' }),
    'structure',
    'true or false is expected',
    `${AT}.valueBoolean`,
  ],
  [
    'a number that is too small',
    send(PATIENT, { name: 'count', valueInteger: 0 }),
    'structure',
    'a whole number above 0 is expected',
    `${AT}.valueInteger`,
  ],
  [
    'a text instead of an element',
    send(PATIENT, { name: 'subject', valueReference: 'x' }),
    'structure',
    'an object of type Reference is expected',
    `${AT}.valueReference`,
  ],
  [
    'a resource of another type as a parameter',
    send({ name: 'patient', resource: { resourceType: 'Group' } }),
    'structure',
    'a Patient is expected',
    'Parameters.parameter[0].resource',
  ],
  ['a resource that is no object', send(PATIENT, { name: 'any', resource: [] }), 'structure', 'a resource is expected', `${AT}.resource`],
  ['parts that are no list', send(PATIENT, { name: 'pair', part: {} }), 'structure', 'a list is expected', `${AT}.part`],
  ['a part without a name', send(PATIENT, { name: 'pair', part: [{}] }), 'structure', 'a part has a name', `${AT}.part[0]`],
])('%s is refused', (_what, body, kind, message, where) => expect(() => read(body)).toThrow(buildMatcher(kind, message, where)));

test.each<[[string, string][], unknown, string, string, string | undefined]>([
  [[['colour', 'red']], undefined, 'not-supported', NAMES, undefined],
  [
    [
      ['url', 'a'],
      ['url', 'b'],
    ],
    undefined,
    'invalid',
    'url may occur only once',
    undefined,
  ],
  [[['url', 'a']], send(PATIENT, { name: 'url', valueUri: 'b' }), 'invalid', 'url is in the URL and in the body: send it once', AT],
  [[['url', '']], undefined, 'invalid', 'url must be a text', undefined],
  [[['exact', 'yes']], undefined, 'invalid', 'exact must be true or false', undefined],
  [[['count', '0']], undefined, 'invalid', 'count must be a whole number above 0', undefined],
  [[['count', 'x']], undefined, 'invalid', 'count must be a whole number above 0', undefined],
  [[['subject', 'Patient/p']], undefined, 'invalid', 'subject cannot be sent in the URL: send a Parameters resource by POST', undefined],
  [[['pair', 'x']], undefined, 'invalid', 'pair cannot be sent in the URL: send a Parameters resource by POST', undefined],
])('%j in the URL is refused', (query, body, kind, message, where) =>
  expect(() => read(body, query)).toThrow(buildMatcher(kind, message, where)),
);

const buildMatcher = (kind: string, message: string, where: string | undefined): FhirError =>
  expect.objectContaining({
    kind,
    message,
    issues: [expect.objectContaining(where === undefined ? { text: message } : { expression: [where] })],
  });

test('an operation without parameters refuses any', () => {
  const body = parseJson(JSON.stringify(send(PATIENT)));
  expect(() => readOperationParameters('$none', {}, { body })).toThrow('$none has no parameters');
});

test('an operation of a FHIRPath Patch with a part twice is refused, because one of them would be ignored', () => {
  const paths = ['Patient.gender', 'Patient.birthDate'].map((valueString) => ({ name: 'path', valueString }));
  const body = send({ name: 'operation', part: [{ name: 'type', valueCode: 'delete' }, ...paths] });
  expect(() => parseFhirPathPatch(parseJson(JSON.stringify(body)))).toThrow('path may occur only once');
});
