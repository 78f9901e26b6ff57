// Slices: all discriminator types of R4, open and closed, ordered, with a cardinality for each slice. https://hl7.org/fhir/R4/profiling.html#slicing
import type { ElementDefinition, Slicing } from '../../src/fhir/profile/definition.ts';
import { library, listIssues, NPI, observation, practitioner, profile, URL } from './own-profiles.ts';
import type { Json } from './valid-resources.ts';

describe('slices by value', () => {
  const slicing = (rules: Slicing['rules'], more: object = {}): Slicing => ({
    discriminator: [{ type: 'value', path: 'system' }],
    rules,
    ...more,
  });
  const elements = (rules: Slicing['rules'], more: object = {}): ElementDefinition[] => [
    { id: 'Practitioner.identifier', path: 'Practitioner.identifier', slicing: slicing(rules, more) },
    { id: 'Practitioner.identifier:npi', path: 'Practitioner.identifier', sliceName: 'npi', min: 1, max: '1' },
    { id: 'Practitioner.identifier:npi.system', path: 'Practitioner.identifier.system', min: 1, fixedUri: NPI },
    {
      id: 'Practitioner.identifier:npi.value',
      path: 'Practitioner.identifier.value',
      min: 1,
      constraint: [{ key: 'npi-1', severity: 'error', human: 'An NPI has ten digits', expression: "matches('^[0-9]{10}$')" }],
    },
    { id: 'Practitioner.identifier:tax', path: 'Practitioner.identifier', sliceName: 'tax', max: '2' },
    { id: 'Practitioner.identifier:tax.system', path: 'Practitioner.identifier.system', min: 1, fixedUri: 'urn:tax' },
  ];
  const withoutIds = (list: ElementDefinition[]): ElementDefinition[] => list.map(({ id: _id, ...rest }) => rest);
  const checkers = library(
    profile('open', 'Practitioner', elements('open')),
    profile('noids', 'Practitioner', withoutIds(elements('open'))),
    profile('closed', 'Practitioner', elements('closed')),
    profile('ordered', 'Practitioner', elements('open', { ordered: true })),
    profile('atend', 'Practitioner', elements('openAtEnd')),
  );
  const npi = { system: NPI, value: '1234567893' };
  const tax = { system: 'urn:tax', value: '1' };
  const other = { system: 'urn:other', value: '1' };
  test.each<[string, string, Json[], string[]]>([
    ['open', 'as asked', [other, tax, npi, other], []],
    ['open', 'none of the required', [tax], ['required Practitioner.identifier']],
    ['open', 'two of one', [npi, tax, npi], ['structure Practitioner.identifier[2]']],
    ['open', 'three of two', [npi, tax, tax, tax], ['structure Practitioner.identifier[3]']],
    ['open', 'one without its value', [{ system: NPI }], ['required Practitioner.identifier[0].value']],
    ['open', 'one whose value breaks a constraint', [other, { ...npi, value: '12' }], ['invariant Practitioner.identifier[1].value']],
    [
      'noids',
      'elements without ids are read by their order',
      [{ ...npi, value: '12' }, npi],
      ['structure Practitioner.identifier[1]', 'invariant Practitioner.identifier[0].value'],
    ],
    ['closed', 'as asked', [npi, tax], []],
    ['closed', 'one that is none of them', [npi, other], ['structure Practitioner.identifier[1]']],
    ['ordered', 'in order', [npi, other, tax], []],
    ['ordered', 'out of order', [tax, npi], ['structure Practitioner.identifier[1]']],
    ['atend', 'others last', [tax, npi, other], []],
    ['atend', 'others first', [other, npi], ['structure Practitioner.identifier[1]']],
  ])('%s: %s', (name, _what, identifier, expected) => {
    expect(listIssues(checkers, name, practitioner({ identifier })).sort()).toEqual(expected.sort());
  });

  test('a constraint that a slice repeats from its list is reported once', () => {
    const constraint = [{ key: 'own-1', severity: 'error' as const, human: 'Own', expression: 'period.exists()' }];
    const repeating = elements('open').map((element) =>
      element.path === 'Practitioner.identifier' ? { ...element, constraint } : element,
    );
    const checker = library(profile('repeated', 'Practitioner', repeating)).findChecker(`${URL}/repeated`)!;
    expect(checker.findFaults(practitioner({ identifier: [npi] })).map(({ text }) => text)).toEqual(['Own (own-1)']);
  });

  test('a resource without the element lacks the required slice', () => {
    expect(listIssues(checkers, 'open', practitioner())).toEqual(['required Practitioner.identifier']);
  });
});

describe('slices by other discriminators', () => {
  const sliced = (type: string, path: string, slices: ElementDefinition[], element = 'Observation.component'): ElementDefinition[] => [
    { id: element, path: element, slicing: { discriminator: [{ type, path }], rules: 'open' } },
    ...slices,
  ];
  const at = (slice: string, below: string, more: object): ElementDefinition => ({
    id: `Observation.component:${slice}${below}`,
    path: `Observation.component${below}`,
    ...(below === '' && { sliceName: slice }),
    ...more,
  });
  const checkers = library(
    profile(
      'pattern',
      'Observation',
      sliced('pattern', 'code', [
        at('a', '', { min: 1 }),
        at('a', '.code', { patternCodeableConcept: { coding: [{ code: 'a' }] } }),
        at('a', '.valueString', { min: 1 }),
      ]),
    ),
    profile(
      'nested',
      'Observation',
      sliced('value', 'code.coding.code', [
        at('a', '', { max: '1' }),
        at('a', '.code', { patternCodeableConcept: { coding: [{ code: 'a' }] } }),
      ]),
    ),
    profile(
      'children',
      'Observation',
      sliced('value', 'code', [
        at('a', '', { max: '1' }),
        at('a', '.code.coding', { min: 1 }),
        at('a', '.code.coding.code', { min: 1, fixedCode: 'a' }),
      ]),
    ),
    profile(
      'exists',
      'Observation',
      sliced('exists', 'dataAbsentReason', [
        at('absent', '', { max: '1' }),
        at('absent', '.dataAbsentReason', { min: 1 }),
        at('present', '', {}),
        at('present', '.dataAbsentReason', { max: '0' }),
        at('present', '.value[x]', { min: 1 }),
      ]),
    ),
    profile(
      'type',
      'Observation',
      sliced('type', 'value', [at('text', '', { max: '1' }), at('text', '.value[x]', { type: [{ code: 'string' }] })]),
    ),
    profile(
      'binding',
      'Observation',
      sliced('value', 'code', [
        at('g', '', { max: '1' }),
        at('g', '.code', { binding: { strength: 'required', valueSet: 'http://hl7.org/fhir/ValueSet/administrative-gender' } }),
      ]),
    ),
    profile(
      'reference',
      'Observation',
      sliced(
        'type',
        'resolve()',
        [
          {
            id: 'Observation.performer:org',
            path: 'Observation.performer',
            sliceName: 'org',
            min: 1,
            max: '1',
            type: [{ code: 'Reference', targetProfile: ['http://hl7.org/fhir/StructureDefinition/Organization'] }],
          },
        ],
        'Observation.performer',
      ),
    ),
    profile(
      'extension',
      'Observation',
      sliced('value', "extension('urn:kind').value", [
        at('a', '', { min: 1 }),
        {
          id: 'Observation.component:a.extension',
          path: 'Observation.component.extension',
          slicing: { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' },
        },
        {
          id: 'Observation.component:a.extension:kind',
          path: 'Observation.component.extension',
          sliceName: 'kind',
          min: 1,
          type: [{ code: 'Extension', profile: ['urn:kind'] }],
        },
        { id: 'Observation.component:a.extension:kind.value[x]', path: 'Observation.component.extension.value[x]', fixedCode: 'a' },
      ]),
    ),
    profile(
      'conforms',
      'Observation',
      sliced(
        'profile',
        '$this',
        [
          {
            id: 'Observation.note:signed',
            path: 'Observation.note',
            sliceName: 'signed',
            min: 1,
            type: [{ code: 'Annotation', profile: [`${URL}/signed`] }],
          },
        ],
        'Observation.note',
      ),
    ),
    profile('signed', 'Annotation', [{ path: 'Annotation.author[x]', min: 1 }], { kind: 'complex-type' }),
    profile('nothing', 'Observation', [
      { id: 'Observation.note', path: 'Observation.note', slicing: { rules: 'closed' } },
      { id: 'Observation.note:signed', path: 'Observation.note', sliceName: 'signed' },
      { id: 'Observation.note:signed.time', path: 'Observation.note.time', min: 1 },
    ]),
    profile('default', 'Observation', [
      ...sliced('value', 'code.text', [at('a', '', {}), at('a', '.code.text', { fixedString: 'a' })]),
      at('@default', '', { max: '1' }),
    ]),
    profile('reslice', 'Observation', [
      ...sliced('value', 'code.text', [at('a', '', {}), at('a', '.code.text', { fixedString: 'a' })]),
      {
        id: 'Observation.component:a',
        path: 'Observation.component',
        sliceName: 'a',
        slicing: { discriminator: [{ type: 'value', path: 'value' }], rules: 'open' },
      },
      { id: 'Observation.component:a/b', path: 'Observation.component', sliceName: 'a/b', min: 1 },
      { id: 'Observation.component:a/b.value[x]', path: 'Observation.component.value[x]', fixedString: 'b' },
    ]),
    profile('untold', 'Observation', sliced('value', 'method', [at('a', '', { min: 1 })])),
    profile('position', 'Observation', sliced('position', '$this', [at('a', '', { min: 1 })])),
  );
  const of = (code: object, more: object = {}) => ({ code, ...more });
  const [a, text] = [{ coding: [{ code: 'a' }] }, (one: string) => ({ text: one })];
  test.each<[string, Json, string[]]>([
    ['pattern', { component: [of(a, { valueString: 'x' })] }, []],
    ['pattern', { component: [of(a)] }, ['required Observation.component[0].value']],
    ['pattern', { component: [of(text('a'))] }, ['required Observation.component']],
    ['nested', { component: [of(a), of({ coding: [{ code: 'z' }, { code: 'a' }] })] }, ['structure Observation.component[1]']],
    ['children', { component: [of(a), of(text('x')), of(a)] }, ['structure Observation.component[2]']],
    ['exists', { component: [of(a, { dataAbsentReason: text('x') }), of(a)] }, ['required Observation.component[1].value']],
    [
      'type',
      { component: [of(a, { valueString: 'x' }), of(a, { valueInteger: 1 }), of(a, { valueString: 'x' })] },
      ['structure Observation.component[2]'],
    ],
    ['binding', { component: [of({ coding: [{ system: 'http://hl7.org/fhir/administrative-gender', code: 'male' }] }), of(a)] }, []],
    ['reference', { performer: [{ reference: 'Practitioner/1' }] }, ['required Observation.performer']],
    [
      'reference',
      { performer: [{ reference: 'Organization/1' }, { type: 'Organization', display: 'x' }] },
      ['structure Observation.performer[1]'],
    ],
    ['reference', { performer: [{ reference: '#o' }], contained: [{ resourceType: 'Organization', id: 'o' }] }, []],
    ['extension', { component: [of(a, { extension: [{ url: 'urn:kind', valueCode: 'b' }] })] }, ['required Observation.component']],
    [
      'extension',
      { component: [of(a, { extension: [{ url: 'urn:kind', valueCode: 'a' }] })] },
      ['information not-supported Observation.component[0].extension[0]'],
    ],
    ['conforms', { note: [{ text: 'a' }] }, ['required Observation.note']],
    ['conforms', { note: [{ text: 'a' }, { text: 'b', authorString: 'c' }] }, []],
    ['nothing', { note: [{ text: 'a', time: '2020' }, { text: 'b' }] }, ['structure Observation.note[1]']],
    ['default', { component: [of(text('a')), of(text('b')), of(text('c'))] }, ['structure Observation.component[2]']],
    ['reslice', { component: [of(text('a'), { valueString: 'b' })] }, []],
    ['reslice', { component: [of(text('a'), { valueString: 'c' })] }, ['required Observation.component']],
    ['untold', { component: [of(a)] }, ['warning not-supported Observation.component']],
    ['position', { component: [of(a)] }, ['warning not-supported Observation.component']],
  ])('%s %j', (name, elements, expected) => expect(listIssues(checkers, name, observation(elements))).toEqual(expected));
});
