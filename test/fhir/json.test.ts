// JSON with exact digits. https://hl7.org/fhir/R4/json.html#decimal

import { parseExactJson, parseJson, stringifyJson, toPlainJson } from '../../src/fhir/json.ts';
import { FhirError } from '../../src/fhir/outcome.ts';
import fc from '../fast-check.ts';

test.each(['1.00', '1e-3', '1E5', '-0.50', '100000000000000000001', '0.1', '42', '-0', '3.14159265358979323846'])(
  '%s is written unchanged',
  (digits) => {
    const text = `{"a":${digits},"b":["${digits}",{"c":${digits}}]}`;
    expect(stringifyJson(parseJson(text).exact)).toBe(text);
    expect(stringifyJson(parseExactJson(text))).toBe(text);
    expect(parseJson(text).plain).toEqual(JSON.parse(text));
  },
);

test('the plain value of an exact value has JavaScript numbers', () => {
  expect(toPlainJson(parseJson('{"a":[1.00,null,{"b":2.50}]}').exact)).toEqual({ a: [1, null, { b: 2.5 }] });
});

test('any JSON is written as JSON.stringify writes it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(stringifyJson(parseJson(text).exact)).toBe(text);
    }),
  );
});

test.each(['{"a":1', '{a:1}', '', 'undefined', "{'a':1}"])('%s is refused', (text) => {
  expect(() => parseJson(text)).toThrow(FhirError);
});

test.each(['{"a":1,"a":2}', '{"x":{"b":1,"b":1}}', '[{"a":1,"\\u0061":2}]', '{"__proto__":1,"__proto__":2}'])(
  'a repeated key is refused: %s',
  (text) => {
    expect(() => parseJson(text)).toThrow('each key of a JSON object may occur only once');
  },
);

test('keys and colons inside strings are not counted as keys', () => {
  expect(() => parseJson('{"a":"\\"b\\": \\"c\\":","d\\"":1,"e\\\\":2}')).not.toThrow();
});

test.each([
  ['letters', 'a'.repeat(40_000_000)],
  ['line breaks', '\\n'.repeat(20_000_000)],
  ['backslashes', '\\\\'.repeat(20_000_000)],
  ['quotes', '\\"'.repeat(1_000_000)],
])('a text of many %s is parsed', (_what, long) => {
  const { exact } = parseJson(`{"a":"${long}","b":1.00}`);
  expect((exact as { a: string }).a).toHaveLength(long.length / (long.startsWith('\\') ? 2 : 1));
  expect(stringifyJson((exact as { b: unknown }).b)).toBe('1.00');
});

test('a key called __proto__ is an ordinary key and changes nothing else', () => {
  const { plain } = parseJson('{"__proto__":{"polluted":true}}');
  expect(Object.keys(plain as object)).toEqual(['__proto__']);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test('too deep nesting is refused before the value is traversed', () => {
  for (const depth of [300, 100_000]) {
    expect(() => parseJson('['.repeat(depth) + ']'.repeat(depth))).toThrow(FhirError);
    expect(() => parseJson(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)).toThrow(FhirError);
  }
});
