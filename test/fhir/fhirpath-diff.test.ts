// The FHIRPath Patch of two versions: applied to the first, it gives the second. https://hl7.org/fhir/R4/fhirpatch.html
import { parseExactJson, parseJson, stringifyJson } from '../../src/fhir/json.ts';
import { diffResources } from '../../src/fhir/patch/fhirpath-diff.ts';
import { parseFhirPathPatch } from '../../src/fhir/patch/fhirpath-patch.ts';
import { type Resource, SERVED_TYPES, type ServedType } from '../../src/fhir/types.ts';
import fc from '../fast-check.ts';
import { randomResource } from './random-resource.ts';

const parse = (text: string) => parseExactJson(text) as Resource;
const diff = (before: Resource, after: Resource) => ({ resourceType: 'Parameters', parameter: diffResources(before, after) });
/** JSON with sorted keys: the order of an element's members has no meaning. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value !== null && typeof value === 'object' && !JSON.isRawJSON(value)
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, item]) => [key, sorted(item)]),
        )
      : value;
const text = (resource: Resource) => stringifyJson(sorted(resource));
/** A random resource as it is stored: with a version and its time. */
const stored = (type: ServedType, seed: number): Resource => {
  const resource = randomResource(type, seed);
  return { ...resource, id: 'a', meta: { ...resource.meta, versionId: '1', lastUpdated: '2026-01-01T00:00:00Z' } };
};
/** The first version with the diff applied, as a client would send it. */
const applied = (before: Resource, after: Resource): Resource => {
  const patch = diff(before, after);
  return patch.parameter.length ? parseFhirPathPatch(parseJson(stringifyJson(patch)))(before) : before;
};
const operationsOf = (before: object, after: object) =>
  diff({ resourceType: 'Patient', id: 'a', ...before }, { resourceType: 'Patient', id: 'a', ...after }).parameter.map(({ part }) =>
    part.map(({ name, ...value }) => [name, ...Object.values(value)]),
  );

test('the diff applied to any resource gives any other of its type', () => {
  const seeds = fc.tuple(fc.constantFrom(...SERVED_TYPES), fc.integer(), fc.integer());
  let changes = 0;
  fc.assert(
    fc.property(seeds, ([type, one, other]) => {
      const [before, after] = [stored(type, one), stored(type, other)];
      changes += diffResources(before, after).length;
      expect(text(applied(before, after))).toBe(text(after));
    }),
    { numRuns: 1500 },
  );
  expect(changes).toBeGreaterThan(5000);
});

/** A copy of a value in which a few members are removed, doubled or taken from another value. */
function mutate(value: unknown, other: unknown, choose: (most: number) => number, depth = 0): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item, at) =>
      choose(3) === 0 ? mutate(item, Array.isArray(other) ? other[at] : undefined, choose, depth + 1) : item,
    );
    const kind = choose(5);
    if (kind === 0 && items.length > 1) return items.toSpliced(choose(items.length - 1), 1);
    if (kind === 1 && Array.isArray(other)) return items.toSpliced(choose(items.length), 0, ...other);
    return kind === 2 ? items.toReversed() : items;
  }
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [
    key,
    choose(3) === 0 ? mutate(item, (other as Record<string, unknown> | undefined)?.[key], choose, depth + 1) : item,
  ]);
  if (depth > 0 && entries.length > 1 && choose(4) === 0) entries.splice(choose(entries.length - 1), 1);
  return Object.fromEntries(entries);
}

test('the diff of a resource and an edited copy gives the copy', () => {
  const inputs = fc.tuple(fc.constantFrom(...SERVED_TYPES), fc.integer(), fc.infiniteStream(fc.nat()));
  fc.assert(
    fc.property(inputs, ([type, seed, numbers]) => {
      const before = stored(type, seed);
      const choose = (most: number): number => numbers.next().value % (most + 1);
      const after = { ...(mutate(before, stored(type, seed + 1), choose) as Resource), meta: before.meta! };
      expect(text(applied(before, after))).toBe(text(after));
    }),
    { numRuns: 1500 },
  );
});

test.each<[string, object, object, unknown[]]>([
  ['no change', { active: true }, { active: true }, []],
  [
    'an element is added, one is removed',
    { active: true },
    { gender: 'male' },
    [
      [
        ['type', 'delete'],
        ['path', 'Patient.active'],
      ],
      [
        ['type', 'add'],
        ['path', 'Patient'],
        ['name', 'gender'],
        ['value', 'male'],
      ],
    ],
  ],
  [
    'a member of a list changes, one is inserted before it',
    { name: [{ family: 'A', use: 'usual' }] },
    { name: [{ family: 'B', use: 'usual' }, { family: 'C' }] },
    [
      [
        ['type', 'replace'],
        ['path', 'Patient.name[0].family'],
        ['value', 'B'],
      ],
      [
        ['type', 'insert'],
        ['path', 'Patient.name'],
        ['index', 1],
        ['value', { family: 'C' }],
      ],
    ],
  ],
  [
    'a choice gets another type',
    { deceasedBoolean: true },
    { deceasedDateTime: '2020' },
    [
      [
        ['type', 'delete'],
        ['path', 'Patient.deceased'],
      ],
      [
        ['type', 'add'],
        ['path', 'Patient'],
        ['name', 'deceased'],
        ['value', '2020'],
      ],
    ],
  ],
  ['the stamps differ', { meta: { versionId: '1', lastUpdated: '2020' } }, { meta: { versionId: '2', lastUpdated: '2021' } }, []],
])('%s', (_what, before, after, operations) => {
  expect(operationsOf(before, after)).toEqual(operations);
});

const beside = { extension: [{ url: 'urn:x', valueBoolean: true }] };
test.each<[string, string, string]>([
  ['what stands beside a primitive', `"birthDate":"2000"`, `"birthDate":"2000","_birthDate":${JSON.stringify(beside)}`],
  ['a primitive with an extension only', `"active":true`, `"_active":${JSON.stringify(beside)}`],
  [
    'gaps in a list of primitives',
    `"name":[{"given":["A","B"]}]`,
    `"name":[{"given":["A",null],"_given":[null,${JSON.stringify(beside)}]}]`,
  ],
  ['digits of decimals', `"extension":[{"url":"urn:d","valueDecimal":1.0}]`, `"extension":[{"url":"urn:d","valueDecimal":1.00}]`],
  [
    'contained resources',
    `"contained":[{"resourceType":"Patient","id":"x","active":true}]`,
    `"contained":[{"resourceType":"Patient","id":"x"},{"resourceType":"Organization","id":"y","name":"Y"}]`,
  ],
  [
    'another type of contained resource',
    `"contained":[{"resourceType":"Patient","id":"x"}]`,
    `"contained":[{"resourceType":"Organization","id":"x"}]`,
  ],
  ['a narrative', `"text":{"status":"generated","div":"<div>A</div>"}`, `"text":{"status":"additional","div":"<div>B</div>"}`],
  [
    'a generated narrative that stays',
    `"active":true,"text":{"status":"generated","div":"<div>A</div>"}`,
    `"text":{"status":"generated","div":"<div>A</div>"}`,
  ],
  [
    'an element of parts',
    `"contact":[{"gender":"male"}]`,
    `"contact":[{"gender":"male"},{"name":{"family":"B"},"relationship":[{"text":"x"}]}]`,
  ],
  ['every member of an element', `"maritalStatus":{"text":"x"}`, `"maritalStatus":{"coding":[{"code":"M"}]}`],
])('%s: the diff gives the other version, in both directions', (_what, one, other) => {
  const [a, b] = [one, other].map((elements) => parse(`{"resourceType":"Patient","id":"a",${elements}}`)) as [Resource, Resource];
  expect(text(applied(a, b))).toBe(text(b));
  expect(text(applied(b, a))).toBe(text(a));
});
