// The effect of each operation of a FHIRPath Patch. https://hl7.org/fhir/R4/fhirpatch.html

import { parseExactJson, parseJson, stringifyJson } from '../../src/fhir/json.ts';
import { parseFhirPathPatch } from '../../src/fhir/patch/fhirpath-patch.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { processorTime } from '../processor-time.ts';

type Parts = Record<string, object>;
const parameters = (...operations: Parts[]) => ({
  resourceType: 'Parameters',
  parameter: operations.map((parts) => ({ name: 'operation', part: Object.entries(parts).map(([name, value]) => ({ name, ...value })) })),
});
const on = (resource: string, ...operations: Parts[]) =>
  stringifyJson(parseFhirPathPatch(parseJson(JSON.stringify(parameters(...operations))))(parseExactJson(resource) as Resource));
const P = (elements: string) => `{"resourceType":"Patient"${elements && `,${elements}`}}`;
const type = (valueCode: string) => ({ valueCode });
const text = (valueString: string) => ({ valueString });
const number = (valueInteger: number) => ({ valueInteger });
const add = (path: string, name: string, value: object): Parts => ({ type: type('add'), path: text(path), name: text(name), value });
const insert = (path: string, index: number, value: object): Parts => ({
  type: type('insert'),
  path: text(path),
  index: number(index),
  value,
});
const replace = (path: string, value: object): Parts => ({ type: type('replace'), path: text(path), value });
const remove = (path: string): Parts => ({ type: type('delete'), path: text(path) });
/** What stands beside a primitive; its url says which. */
const beside = (url: string) => ({ extension: [{ url, valueBoolean: true }] });
const written = (url: string) => JSON.stringify(beside(url));

test.each<[string, string, Parts, string]>([
  [
    'adds an element that is not there',
    '',
    { type: type('add'), path: text('Patient'), name: text('birthDate'), value: { valueDate: '2000-01-01' } },
    '"birthDate":"2000-01-01"',
  ],
  [
    'adds to a list',
    '"name":[{"family":"A"}]',
    { type: type('add'), path: text('Patient'), name: text('name'), value: { valueHumanName: { family: 'B' } } },
    '"name":[{"family":"A"},{"family":"B"}]',
  ],
  [
    'adds below a chosen member',
    '"name":[{"use":"usual"},{"use":"official"}]',
    { type: type('add'), path: text("Patient.name.where(use = 'official')"), name: text('family'), value: { valueString: 'B' } },
    '"name":[{"use":"usual"},{"use":"official","family":"B"}]',
  ],
  [
    'adds an element of parts',
    '',
    {
      type: type('add'),
      path: text('Patient'),
      name: text('contact'),
      value: {
        part: [
          { name: 'gender', valueCode: 'male' },
          { name: 'telecom', valueContactPoint: { value: '1' } },
        ],
      },
    },
    '"contact":[{"gender":"male","telecom":[{"value":"1"}]}]',
  ],
  [
    'adds a branch of a choice',
    '',
    { type: type('add'), path: text('Patient'), name: text('deceased'), value: { valueBoolean: true } },
    '"deceasedBoolean":true',
  ],
  [
    'inserts',
    '"name":[{"family":"A"},{"family":"C"}]',
    { type: type('insert'), path: text('Patient.name'), index: number(1), value: { valueHumanName: { family: 'B' } } },
    '"name":[{"family":"A"},{"family":"B"},{"family":"C"}]',
  ],
  [
    'deletes, with what stands beside it',
    '"active":true,"birthDate":"2000","_birthDate":{"id":"x"}',
    { type: type('delete'), path: text('Patient.birthDate') },
    '"active":true',
  ],
  [
    'deletes a member, and what that leaves empty',
    '"active":true,"name":[{"given":["A"]}]',
    { type: type('delete'), path: text('Patient.name[0].given[0]') },
    '"active":true',
  ],
  ['deletes nothing where nothing is', '"active":true', { type: type('delete'), path: text('Patient.birthDate') }, '"active":true'],
  ['replaces', '"active":true', { type: type('replace'), path: text('Patient.active'), value: { valueBoolean: false } }, '"active":false'],
  [
    'replaces a choice by another type',
    '"deceasedBoolean":true',
    { type: type('replace'), path: text('Patient.deceased'), value: { valueDateTime: '2020' } },
    '"deceasedDateTime":"2020"',
  ],
  [
    'replaces inside a member',
    '"name":[{"given":["A","B"]}]',
    { type: type('replace'), path: text('Patient.name.first().given[1]'), value: { valueString: 'C' } },
    '"name":[{"given":["A","C"]}]',
  ],
  [
    'moves, with the extensions of primitives',
    '"name":[{"given":["A","B","C"],"_given":[null,null,{"id":"c"}]}]',
    { type: type('move'), path: text('Patient.name[0].given'), source: number(2), destination: number(0) },
    '"name":[{"given":["C","A","B"],"_given":[{"id":"c"},null,null]}]',
  ],
  [
    'finds extensions by url',
    '"extension":[{"url":"u","valueString":"x"}]',
    { type: type('replace'), path: text("Patient.extension('u').value"), value: { valueString: 'y' } },
    '"extension":[{"url":"u","valueString":"y"}]',
  ],
])('%s', (_what, before, operation, after) => {
  expect(on(P(before), operation)).toBe(P(after));
});

test('numbers of the resource and of the patch keep their digits', () => {
  const body = `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},
    {"name":"path","valueString":"Observation.value"},{"name":"value","valueQuantity":{"value":2.50}}]}]}`;
  const before = '{"resourceType":"Observation","referenceRange":[{"low":{"value":1.00}}],"valueQuantity":{"value":1.0}}';
  expect(stringifyJson(parseFhirPathPatch(parseJson(body))(parseExactJson(before) as Resource))).toBe(before.replace('1.0}}', '2.50}}'));
});

test.each<[string, Parts, string]>([
  [
    'adding what is there already',
    { type: type('add'), path: text('Patient'), name: text('active'), value: { valueBoolean: false } },
    'rule',
  ],
  [
    'adding what R4 does not have',
    { type: type('add'), path: text('Patient'), name: text('shoe'), value: { valueBoolean: false } },
    'rule',
  ],
  ['replacing nothing', { type: type('replace'), path: text('Patient.birthDate'), value: { valueDate: '2000' } }, 'rule'],
  ['replacing several', { type: type('replace'), path: text('Patient.name'), value: { valueHumanName: {} } }, 'rule'],
  ['deleting several', { type: type('delete'), path: text('Patient.name') }, 'rule'],
  [
    'inserting beyond the list',
    { type: type('insert'), path: text('Patient.name'), index: number(3), value: { valueHumanName: {} } },
    'rule',
  ],
  ['changing the id', { type: type('replace'), path: text('Patient.id'), value: { valueId: '2' } }, 'rule'],
  ['a path that is not one', { type: type('delete'), path: text('Patient.name.where(') }, 'not-supported'],
  [
    'a path that asks where a reference leads',
    { type: type('delete'), path: text('Patient.generalPractitioner.where(resolve() is Practitioner)') },
    'not-supported',
  ],
  ['an operation there is not', { type: type('merge'), path: text('Patient') }, 'structure'],
  ['an insert without an index', { type: type('insert'), path: text('Patient.name'), value: { valueHumanName: {} } }, 'structure'],
])('%s is refused', (_what, operation, kind) => {
  expect(() => on('{"resourceType":"Patient","id":"1","active":true,"name":[{"family":"A"},{"family":"B"}]}', operation)).toThrow(
    expect.objectContaining({ kind }),
  );
});

describe('a primitive and its sibling are one element', () => {
  test.each<[string, string, Parts, string]>([
    [
      'adds both',
      '',
      add('Patient', 'gender', { valueCode: 'male', _valueCode: beside('new') }),
      `"gender":"male","_gender":${written('new')}`,
    ],
    ['adds extensions without a value', '', add('Patient', 'gender', { _valueCode: beside('new') }), `"_gender":${written('new')}`],
    [
      'adds both to a list',
      '"name":[{"given":["A"]}]',
      add('Patient.name[0]', 'given', { valueString: 'B', _valueString: beside('b') }),
      `"name":[{"given":["A","B"],"_given":[null,${written('b')}]}]`,
    ],
    [
      'adds extensions without a value to a list',
      '"name":[{"family":"A"}]',
      add('Patient.name[0]', 'given', { _valueString: beside('b') }),
      `"name":[{"family":"A","_given":[${written('b')}]}]`,
    ],
    [
      'adds both in an element of parts',
      '',
      add('Patient', 'name', {
        part: [
          { name: 'family', _valueString: beside('f') },
          { name: 'given', valueString: 'A' },
          { name: 'given', valueString: 'B', _valueString: beside('b') },
        ],
      }),
      `"name":[{"_family":${written('f')},"given":["A","B"],"_given":[null,${written('b')}]}]`,
    ],
    [
      'adds an extension beside a value',
      '"birthDate":"2000"',
      add('Patient.birthDate', 'extension', { valueExtension: beside('new').extension[0] }),
      `"birthDate":"2000","_birthDate":${written('new')}`,
    ],
    [
      'inserts both',
      `"name":[{"given":["A","C"],"_given":[null,${written('c')}]}]`,
      insert('Patient.name[0].given', 1, { valueString: 'B', _valueString: beside('b') }),
      `"name":[{"given":["A","B","C"],"_given":[null,${written('b')},${written('c')}]}]`,
    ],
    [
      'inserts both where nothing stood beside',
      '"name":[{"given":["A"]}]',
      insert('Patient.name[0].given', 0, { valueString: 'B', _valueString: beside('b') }),
      `"name":[{"given":["B","A"],"_given":[${written('b')},null]}]`,
    ],
    [
      'replaces both',
      `"birthDate":"2000","_birthDate":${written('old')}`,
      replace('Patient.birthDate', { valueDate: '2001', _valueDate: beside('new') }),
      `"birthDate":"2001","_birthDate":${written('new')}`,
    ],
    [
      'replaces both by a value',
      `"birthDate":"2000","_birthDate":${written('old')}`,
      replace('Patient.birthDate', { valueDate: '2001' }),
      '"birthDate":"2001"',
    ],
    [
      'replaces both by extensions',
      '"birthDate":"2000"',
      replace('Patient.birthDate', { _valueDate: beside('new') }),
      `"_birthDate":${written('new')}`,
    ],
    [
      'replaces both of a member',
      `"name":[{"given":["A","B"],"_given":[${written('a')},${written('b')}]}]`,
      replace('Patient.name[0].given[0]', { valueString: 'C' }),
      `"name":[{"given":["C","B"],"_given":[null,${written('b')}]}]`,
    ],
    [
      'replaces a member that has extensions only',
      `"name":[{"given":[null,"B"],"_given":[${written('a')},null]}]`,
      replace('Patient.name[0].given[0]', { valueString: 'A' }),
      '"name":[{"given":["A","B"]}]',
    ],
    [
      'replaces a choice that has both',
      `"deceasedDateTime":"2020","_deceasedDateTime":${written('old')}`,
      replace('Patient.deceased', { valueDateTime: '2021' }),
      '"deceasedDateTime":"2021"',
    ],
    [
      'replaces a choice that has both by another type',
      `"deceasedDateTime":"2020","_deceasedDateTime":${written('old')}`,
      replace('Patient.deceased', { valueBoolean: true, _valueBoolean: beside('new') }),
      `"deceasedBoolean":true,"_deceasedBoolean":${written('new')}`,
    ],
    [
      'deletes an element that has extensions only',
      `"active":true,"_birthDate":${written('old')}`,
      remove('Patient.birthDate'),
      '"active":true',
    ],
    [
      'deletes a member that has extensions only',
      `"name":[{"given":[null,"B"],"_given":[${written('a')},null]}]`,
      remove('Patient.name[0].given[0]'),
      '"name":[{"given":["B"]}]',
    ],
    [
      'deletes an extension beside a value',
      `"birthDate":"2000","_birthDate":${written('old')}`,
      remove("Patient.birthDate.extension('old')"),
      '"birthDate":"2000"',
    ],
    [
      'deletes the last extension of an element that has no value, and the element with it',
      `"active":true,"contact":[{"_gender":${written('old')}}]`,
      remove('Patient.contact[0].gender.extension[0]'),
      '"active":true',
    ],
    [
      'finds members that have extensions only',
      `"active":true,"name":[{"_family":${written('a')}},{"text":"B"}]`,
      remove('Patient.name.where(family.exists())'),
      '"active":true,"name":[{"text":"B"}]',
    ],
  ])('%s', (_what, before, operation, after) => {
    expect(on(P(before), operation)).toBe(P(after));
  });

  test('a choice that has only extensions counts as present', () => {
    const before = P(`"_deceasedDateTime":${written('old')}`);
    expect(on(before, remove('Patient.deceased'))).toBe(P(''));
    expect(() => on(before, add('Patient', 'deceased', { valueBoolean: true }))).toThrow(/exists already/);
  });
});

test('an element of a contained resource is replaced', () => {
  const contained = (birthDate: string) => P(`"contained":[{"resourceType":"Patient","id":"a","birthDate":"${birthDate}"}]`);
  expect(on(contained('2000'), replace('Patient.contained[0].birthDate', { valueDate: '2001' }))).toBe(contained('2001'));
});

describe('an element with a form that R4 does not define is refused', () => {
  const MADE = (valueCodeableConcept: unknown) => add('Patient', 'maritalStatus', { valueCodeableConcept });
  const coding = { valueCoding: { code: 'M' } };

  test.each([
    ['a value', { valueCodeableConcept: null }],
    ['extensions', { valueCode: 'x', _valueCode: null }],
    ['a value in a part', { part: [{ name: 'text', valueString: null }] }],
  ])('%s that is null', (_what, value) => {
    expect(() => on(P(''), add('Patient', 'maritalStatus', value))).toThrow(
      expect.objectContaining({ kind: 'structure', message: 'a value is not null' }),
    );
  });

  test.each<[string, Parts[], RegExp]>([
    ['an addition to a single text', [MADE({ coding: 'x' }), add('Patient.maritalStatus', 'coding', coding)], /^operation 1 .* not a list/],
    ['an addition to a list that is null', [MADE({ coding: null }), add('Patient.maritalStatus', 'coding', coding)], /not a list/],
    [
      'an addition to what is a list and does not repeat',
      [MADE({ text: ['x'] }), replace('Patient.maritalStatus.text', { valueString: 'y' })],
      /does not repeat/,
    ],
    [
      'an addition to a member that is null',
      [MADE({ coding: [null] }), add('Patient.maritalStatus.coding[0]', 'code', { valueCode: 'M' })],
      /^operation 1 .* leads to nothing$/,
    ],
    ['an addition to a text', [MADE('x'), add('Patient.maritalStatus', 'coding', coding)], /leads to nothing that has elements$/],
    ['an addition to a list', [MADE([['x']]), add('Patient.maritalStatus', 'coding', coding)], /leads to nothing that has elements$/],
    ['an insertion into a text', [MADE('x'), insert('Patient.maritalStatus.coding', 0, coding)], /leads to nothing that has elements$/],
    ['an insertion into what is no list', [MADE({ coding: 'x' }), insert('Patient.maritalStatus.coding', 0, coding)], /not a list/],
    [
      'an insertion into an element of null',
      [MADE({ coding: [null] }), insert('Patient.maritalStatus.coding[0].extension', 0, { valueExtension: {} })],
      /leads to nothing$/,
    ],
    ['an insertion where nothing repeats', [insert('Patient.birthDate', 0, { valueDate: '2000' })], /must lead to a list/],
    [
      'an element of parts with two of what does not repeat',
      [add('Patient', 'name', { part: ['A', 'B'].map((valueString) => ({ name: 'family', valueString })) })],
      /does not repeat/,
    ],
  ])('%s', (_what, operations, message) => {
    expect(() => on(P(''), ...operations)).toThrow(expect.objectContaining({ kind: 'rule', message: expect.stringMatching(message) }));
  });

  test('a value of two types', () => {
    expect(() => on(P(''), add('Patient', 'deceased', { valueBoolean: true, _valueDateTime: beside('x') }))).toThrow(
      expect.objectContaining({ kind: 'structure' }),
    );
  });
});

describe('the work of a patch is limited', () => {
  const telecom = (count: number) =>
    P(`"telecom":${JSON.stringify(Array.from({ length: count }, () => ({ system: 'phone', value: '1' })))}`);
  const PHONES = Array.from({ length: 40 }, () => "system='phone'").join(' and ');
  const search = remove(`Patient.telecom.where(${PHONES} and system='fax')`);
  const tooMuch = (at: number) =>
    expect.objectContaining({
      kind: 'rule',
      message:
        `operation ${at} of the patch: the patch looks at more than 1,000,000 members and conditions; ` +
        'send several patches, or a JSON Patch, which names places without looking for them',
    });

  test('many conditions on many members are refused soon, with an alternative', () => {
    const took = processorTime(() => {
      expect(() => on(telecom(10_000), ...Array.from({ length: 15 }, () => search))).toThrow(tooMuch(1));
    });
    expect(took).toBeLessThan(2_000);
  });

  test.each([
    ['members of a list that grows', '"given":["A"]', add('Patient.name[0]', 'given', { valueString: 'B' })],
    [
      'elements among which a choice is looked for',
      '"extension":[{"x":1}],"given":["A"]',
      remove('Patient.name[0].extension.where(value.exists())'),
    ],
    ['elements that R4 does not have', '"given":["A"],"x":1', replace('Patient.name[0].family', { valueString: 'B' })],
  ])('%s count too', (_what, elements, operation) => {
    const large = Array.from({ length: 20_000 }, (_one, at) => [`"A${at}"`, `"x${at}":1`] as const);
    const filled = elements
      .replace('"A"', large.map(([given]) => given).join())
      .replace('"x":1', `"family":"A",${large.map(([, other]) => other).join()}`);
    expect(() => on(P(`"name":[{${filled}}]`), ...Array.from({ length: 60 }, () => operation))).toThrow(/looks at more than/);
  });

  test('a thousand operations on lists of usual length are within the limit, and the next patch starts from zero', () => {
    const patch = parseFhirPathPatch(
      parseJson(JSON.stringify(parameters(...Array.from({ length: 1000 }, () => add('Patient', 'telecom', { valueContactPoint: {} }))))),
    );
    for (let time = 0; time < 3; time++) expect(patch({ resourceType: 'Patient' })).toMatchObject({ telecom: { length: 1000 } });
    expect(on(telecom(500), ...Array.from({ length: 20 }, () => search))).toBe(telecom(500));
  });
});
