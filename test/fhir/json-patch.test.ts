// JSON Patch of RFC 6902, on resources with exact digits. https://www.rfc-editor.org/rfc/rfc6902#appendix-A
import { parseExactJson, parseJson, stringifyJson } from '../../src/fhir/json.ts';
import { parseJsonPatch } from '../../src/fhir/patch/json-patch.ts';
import type { Resource } from '../../src/fhir/types.ts';

const patched = (resource: string, ...operations: object[]) =>
  stringifyJson(parseJsonPatch(parseJson(JSON.stringify(operations)))(parseExactJson(resource) as Resource));
const P = (elements: string) => `{"resourceType":"Patient","id":"1"${elements && `,${elements}`}}`;

test.each([
  ['adds an element', '', { op: 'add', path: '/active', value: true }, '"active":true'],
  ['adds in the middle of a list', '"a":[1,3]', { op: 'add', path: '/a/1', value: 2 }, '"a":[1,2,3]'],
  ['adds at the end', '"a":[1]', { op: 'add', path: '/a/-', value: [2] }, '"a":[1,[2]]'],
  ['replaces what is there by add', '"a":1', { op: 'add', path: '/a', value: 2 }, '"a":2'],
  ['removes', '"a":[1,2],"b":1', { op: 'remove', path: '/a/0' }, '"a":[2],"b":1'],
  ['replaces', '"a":{"b":1}', { op: 'replace', path: '/a/b', value: null }, '"a":{"b":null}'],
  ['moves', '"a":{"b":1},"c":{}', { op: 'move', from: '/a/b', path: '/c/d' }, '"a":{},"c":{"d":1}'],
  ['copies', '"a":[1]', { op: 'copy', from: '/a/0', path: '/a/-' }, '"a":[1,1]'],
  ['reads ~1 and ~0', '"a/b":1,"c~d":2', { op: 'test', path: '/c~0d', value: 2 }, '"a/b":1,"c~d":2'],
  ['tests numbers by value', '"a":1.00', { op: 'test', path: '/a', value: 1 }, '"a":1.00'],
  ['makes an own property of any name', '', { op: 'add', path: '/__proto__', value: 1 }, '"__proto__":1'],
])('%s', (_what, before, operation, after) => {
  expect(patched(P(before), operation)).toBe(P(after));
});

test('numbers of the resource and of the patch keep their digits', () => {
  const patch = parseJson('[{"op":"add","path":"/b","value":2.50},{"op":"copy","from":"/a","path":"/c"}]');
  expect(stringifyJson(parseJsonPatch(patch)(parseExactJson(P('"a":1.00')) as Resource))).toBe(P('"a":1.00,"b":2.50,"c":1.00'));
});

test('a patch whose copies of copies grow too large is refused', () => {
  const operations = Array.from({ length: 60 }, (_one, n) => ({ op: 'copy', from: '/a', path: `/a/${n}` }));
  expect(() => patched(P('"a":{"b":1}'), ...operations)).toThrow(expect.objectContaining({ kind: 'rule' }));
});

test('the resource is not mutated', () => {
  const before = parseExactJson(P('"a":[{"b":1}]')) as Resource;
  parseJsonPatch(parseJson('[{"op":"add","path":"/a/0/c","value":1},{"op":"remove","path":"/a/0/b"}]'))(before);
  expect(stringifyJson(before)).toBe(P('"a":[{"b":1}]'));
});

test.each([
  ['a place that is not there', { op: 'remove', path: '/nothing' }],
  ['a place beyond the list', { op: 'add', path: '/a/3', value: 1 }],
  ['a number with a leading zero', { op: 'replace', path: '/a/00', value: 1 }],
  ['what every object inherits', { op: 'test', path: '/toString', value: 1 }],
  ['a length of a list', { op: 'test', path: '/a/length', value: 1 }],
  ['a test that fails', { op: 'test', path: '/a', value: [2] }],
  ['a change of the id', { op: 'replace', path: '/id', value: '2' }],
  ['a change of the type', { op: 'replace', path: '/resourceType', value: 'Group' }],
  ['a removal of everything', { op: 'remove', path: '' }],
  ['a resource that is no object any more', { op: 'replace', path: '', value: 1 }],
])('%s cannot be applied (422)', (_what, operation) => {
  expect(() => patched(P('"a":[1]'), operation)).toThrow(expect.objectContaining({ kind: 'rule' }));
});

test('an empty list of operations changes nothing', () => {
  const resource = parseExactJson(P('"a":{}')) as Resource;
  expect(parseJsonPatch(parseJson('[]'))(resource)).toEqual(resource);
});

test.each([
  ['an unknown operation', [{ op: 'merge', path: '/a' }]],
  ['an operation without its value', [{ op: 'add', path: '/a' }]],
  ['a path that is no pointer', [{ op: 'remove', path: 'a' }]],
  ['a move into itself', [{ op: 'move', from: '/a', path: '/a/b' }]],
  ['no list', { op: 'remove', path: '/a' }],
])('%s is not a patch (400)', (_what, patch) => {
  expect(() => parseJsonPatch(parseJson(JSON.stringify(patch)))(parseExactJson(P('"a":{}')) as Resource)).toThrow(
    expect.objectContaining({ kind: 'structure' }),
  );
});

test('a generated narrative is removed if the resource changes, and a patched or handwritten one stays', () => {
  const text = (status: string) => `"text":{"status":"${status}","div":"<div/>"}`;
  const change = { op: 'add', path: '/active', value: true };
  expect(patched(P(text('generated')), change)).toBe(P('"active":true'));
  expect(patched(P(text('additional')), change)).toContain('"text"');
  expect(patched(P(text('generated')), change, { op: 'replace', path: '/text/div', value: '<div>x</div>' })).toContain('<div>x</div>');
});
