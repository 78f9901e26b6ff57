// ConceptMap/$translate: which codes a concept map gives. https://hl7.org/fhir/R4/conceptmap-operation-translate.html

import { readOperationParameters } from '../../src/fhir/operation-parameters.ts';
import { R4_TERMINOLOGY } from '../../src/fhir/terminology/terminology.ts';
import type { ConceptMap } from '../../src/fhir/terminology/value-set.ts';
import { TRANSLATE } from '../../src/fhir/terminology-operations/translate.ts';

const [FROM, TO, OTHER] = ['urn:from', 'urn:to', 'urn:other'];
const map: ConceptMap = {
  resourceType: 'ConceptMap',
  url: 'urn:map',
  group: [
    {
      source: FROM,
      target: TO,
      targetVersion: '2',
      element: [
        { code: 'a', display: 'A', target: [{ code: 'x', display: 'X', equivalence: 'narrower' }] },
        { code: 'none', target: [{ equivalence: 'unmatched' }] },
        {
          code: 'depends',
          target: [
            { code: 'left', equivalence: 'equal', dependsOn: [{ property: 'urn:side', system: 'urn:sides', value: 'l' }] },
            {
              code: 'any',
              equivalence: 'wider',
              product: [{ property: 'urn:side', system: 'urn:sides', value: 'l', display: 'Left' }],
            },
          ],
        },
      ],
      unmapped: { mode: 'other-map', url: 'urn:rest|1' },
    },
    { source: FROM, target: OTHER, element: [], unmapped: { mode: 'fixed', code: 'misc', display: 'Other' } },
  ],
};
const rest: ConceptMap = {
  resourceType: 'ConceptMap',
  url: 'urn:rest',
  group: [
    { source: FROM, target: TO, unmapped: { mode: 'provided' } },
    // a map that delegates to the first one again must not lead around in a circle
    { source: FROM, target: TO, unmapped: { mode: 'other-map', url: 'urn:map' } },
  ],
};

type Part = { name: string; [value: string]: unknown; part?: Part[] };
function translate(parameters: Part[], used = [map]): { result: unknown; message: unknown; matches: unknown[] } {
  const plain = { resourceType: 'Parameters', parameter: parameters };
  const read = readOperationParameters(TRANSLATE.name, TRANSLATE.parameters, { body: { plain, exact: plain } });
  const call = { parameters: read, terminology: R4_TERMINOLOGY, maps: { used, others: [rest] }, at: '', newId: () => '' };
  const { parameter } = TRANSLATE.run(call) as unknown as { parameter: Part[] };
  const value = (name: string) => parameter.find((one) => one.name === name);
  return {
    result: value('result')!.valueBoolean,
    message: value('message')?.valueString,
    matches: parameter
      .filter(({ name }) => name === 'match')
      .map(({ part = [] }) => Object.fromEntries(part.map(({ name, part: inner, ...one }) => [name, inner ?? Object.values(one)[0]]))),
  };
}
const code = (value: string): Part[] => [
  { name: 'code', valueCode: value },
  { name: 'system', valueUri: FROM },
  { name: 'targetsystem', valueUri: TO },
];

test('a code is translated with the display, the version and the map', () => {
  expect(translate(code('a'))).toEqual({
    result: true,
    message: undefined,
    matches: [{ equivalence: 'narrower', concept: { system: TO, version: '2', code: 'x', display: 'X' }, source: 'urn:map' }],
  });
});

test('an entry that is unmatched is a match without a code, and no translation', () => {
  expect(translate(code('none'))).toEqual({
    result: false,
    message: 'the concept map states that no code corresponds to this code',
    matches: [{ equivalence: 'unmatched', source: 'urn:map' }],
  });
});

test('a target that depends on another value is found only with that value; its products are shown', () => {
  const wide = {
    equivalence: 'wider',
    concept: { system: TO, version: '2', code: 'any' },
    product: [
      { name: 'element', valueUri: 'urn:side' },
      { name: 'concept', valueCoding: { system: 'urn:sides', code: 'l', display: 'Left' } },
    ],
    source: 'urn:map',
  };
  expect(translate(code('depends')).matches).toEqual([wide]);
  const dependency: Part = {
    name: 'dependency',
    part: [
      { name: 'element', valueUri: 'urn:side' },
      { name: 'concept', valueCodeableConcept: { coding: [{ system: 'urn:sides', code: 'l' }] } },
    ],
  };
  expect(translate([...code('depends'), dependency]).matches).toEqual([
    { equivalence: 'equal', concept: { system: TO, version: '2', code: 'left' }, source: 'urn:map' },
    wide,
  ]);
});

test('a code without an entry is treated as `unmapped` says: by another map, as itself, by a fixed code', () => {
  expect(translate(code('zzz')).matches).toEqual([{ equivalence: 'equal', concept: { system: TO, code: 'zzz' }, source: 'urn:rest' }]);
  const fixed = [...code('zzz').slice(0, 2), { name: 'targetsystem', valueUri: OTHER }];
  expect(translate(fixed).matches).toEqual([
    { equivalence: 'wider', concept: { system: OTHER, code: 'misc', display: 'Other' }, source: 'urn:map' },
  ]);
});

test('reverse finds the sources of a code, with the equivalence from that side', () => {
  const reverse: Part[] = [
    { name: 'coding', valueCoding: { system: TO, code: 'x' } },
    { name: 'reverse', valueBoolean: true },
  ];
  expect(translate(reverse).matches).toEqual([
    { equivalence: 'wider', concept: { system: FROM, code: 'a', display: 'A' }, source: 'urn:map' },
  ]);
});

test('a CodeableConcept is translated by each of its codings', () => {
  const concept: Part = {
    name: 'codeableConcept',
    valueCodeableConcept: {
      coding: [
        { system: 'urn:unknown', code: 'a' },
        { system: FROM, code: 'a' },
      ],
    },
  };
  expect(translate([concept, { name: 'targetsystem', valueUri: TO }])).toMatchObject({
    result: true,
    matches: [{ equivalence: 'narrower' }],
  });
});

test('without a map that has the code, the result is false', () => {
  expect(translate(code('a'), [])).toEqual({ result: false, message: 'no concept map that fits the request has this code', matches: [] });
});

test.each<[string, Part[], string]>([
  ['a code without a system', [{ name: 'code', valueCode: 'a' }], 'a code needs its system: send both'],
  ['no code', [{ name: 'targetsystem', valueUri: TO }], 'send one of code, coding, codeableConcept'],
  ['an unknown parameter', [{ name: 'colour', valueCode: 'a' }], 'the parameters of $translate are url'],
  ['a parameter twice', [...code('a'), ...code('a')], 'code may occur only once'],
  ['a value of another type', [{ name: 'code', valueBoolean: true }], 'code needs valueCode'],
])('%s is refused', (_what, parameters, text) => expect(() => translate(parameters)).toThrow(text));
