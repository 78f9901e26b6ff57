// Parsing of searches: result parameters, the self link, and refusals.

import { FhirError } from '../../src/fhir/outcome.ts';
import { parseSearch } from '../../src/fhir/search/request.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';
import fc from '../fast-check.ts';
import { BASE_URL, parsed, REGISTRY } from './search-corpus.ts';

function refusal(search: string): { kind: string; text: string } {
  try {
    parsed(search);
  } catch (error) {
    if (error instanceof FhirError) return { kind: error.kind, text: error.message };
    throw error;
  }
  throw new Error(`${search} is not refused`);
}

test('a search without result parameters gets a page of 20, newest first, with the total if the page shows it', () => {
  expect(parsed('Patient?')).toEqual({
    query: { type: 'Patient', where: [], sort: [], count: 20, total: 'known', include: [] },
    self: [],
    ignored: [],
  });
});

test.each([
  ['_count=5', { count: 5, total: 'known' }],
  ['_count=99999', { count: 1000 }],
  ['_count=0', { count: 0, total: 'accurate' }],
  ['_summary=count', { count: 0, total: 'accurate' }],
  ['_summary=count&_count=5', { count: 0, total: 'accurate' }],
  ['_summary=false', { count: 20 }],
  ['_total=accurate', { total: 'accurate' }],
  ['_total=estimate', { total: 'estimate' }],
  [
    '_sort=-_lastUpdated,_id',
    {
      sort: [
        { by: 'lastUpdated', descending: true },
        { by: 'id', descending: false },
      ],
    },
  ],
  ['_sort=birthdate', { sort: [{ by: 'date', parameter: REGISTRY.lookup('Patient', 'birthdate')!.number, descending: false }] }],
  [
    '_include=Patient:general-practitioner:Organization',
    {
      include: [
        {
          direction: 'include',
          from: ['Patient'],
          types: ['Organization'],
          parameters: [REGISTRY.lookup('Patient', 'general-practitioner')!.number],
          iterate: false,
        },
      ],
    },
  ],
  [
    '_revinclude=Provenance:target',
    {
      include: [
        {
          direction: 'revinclude',
          from: ['Patient'],
          types: ['Provenance'],
          parameters: [REGISTRY.lookup('Provenance', 'target')!.number],
          iterate: false,
        },
      ],
    },
  ],
])('Patient?%s', (query, expected) => {
  expect(parsed(`Patient?${query}`).query).toMatchObject(expected);
});

test('_summary=count differs from _count=0', () => {
  expect(parsed('Patient?_summary=count').summary).toBe('count');
  expect(parsed('Patient?_count=0').summary).toBeUndefined();
});

test('the self link has the applied parameters with their applied values', () => {
  expect(parsed('Patient?name=x&gender:not=male&_count=5000&name=y').self).toEqual([
    ['name', 'x'],
    ['gender:not', 'male'],
    ['_count', '1000'],
    ['name', 'y'],
  ]);
});

describe('refused as not supported, with the supported names', () => {
  test.each([
    ['Patient?shoe=x', 'Patient has no search parameter shoe. It has _id, _lastUpdated'],
    ['Patient?famly=x', 'did you mean family?'],
    ['Patient?constructor=x', 'Patient has no search parameter constructor'],
    ['Patient?name:foo=x', 'name takes no modifier :foo. It takes :missing, :exact, :contains'],
    ['Patient?gender:exact=x', 'gender takes no modifier :exact. It takes :missing, :not'],
    ['Patient?gender:of-type=x', 'gender takes no modifier :of-type'],
    ['Patient?gender:text=x', 'gender takes no modifier :text'],
    ['Patient?birthdate:contains=x', 'birthdate takes no modifier :contains'],
    ['Patient?phonetic:exact=x', 'phonetic takes no modifier :exact'],
    ['Patient?_id:text=x', '_id takes no modifier :text'],
    [
      'Patient?general-practitioner:Patient=x',
      'general-practitioner takes no modifier :Patient. It takes :missing, :identifier, :above, :below, :Organization',
    ],
    ['ServiceRequest?instantiates-canonical:identifier=x', 'takes no modifier :identifier'],
    ['Patient?_sort:desc=birthdate', '_sort takes no modifier :desc. Send _sort=birthdate for an ascending order, _sort=-birthdate'],
    ['Patient?_count:exact=5', '_count takes no modifier :exact'],
    ['Location?near:missing=true', 'near takes no modifier :missing'],
    ['Observation?code-value-quantity:missing=true', 'code-value-quantity takes no modifier :missing'],
    ['Practitioner?_sort=phonetic', 'Practitioner cannot be sorted by phonetic; it can be sorted by _id, _lastUpdated, _profile'],
    ['Location?_sort=near', 'Location cannot be sorted by near'],
    ['Observation?_sort=code-value-quantity', 'cannot be sorted by code-value-quantity'],
    ['Patient?_sort=phonetic', 'cannot be sorted by phonetic'],
    ['Patient?_sort=shoe', 'no search parameter shoe'],
    ['Patient?_summary=true', '_summary must be count or false'],
    ['Patient?_include:recurse=Patient:link', '_include takes no modifier :recurse'],
    ['Patient?_include:iterate:x=Patient:link', '_include takes no modifier :iterate:x'],
    ['Patient?_include:iterate=Shoe:x', 'not served'],
    ['Patient?_include=Patient:*:Location', 'never refers to that type'],
    ['Patient?_include=Patient:name', 'Patient.name is not a reference'],
    ['Patient?_include=Patient:shoe', 'no search parameter shoe'],
    ['Patient?_include=Observation:subject', '_include must start from a type of the search (Patient:'],
    ['Patient?_include=Patient:organization:Location', 'never refers to that type'],
    ['Patient?_revinclude=Shoe:x', 'not served'],
    ['Patient?_revinclude=PractitionerRole:practitioner', 'does not refer to Patient'],
    ['Patient?name.family=x', 'Patient.name is not a reference'],
    ['Patient?organization.shoe=x', 'no served target type of Patient.organization has the search parameter shoe'],
    ['Patient?general-practitioner.name:exact.x=x', 'Organization.name or Practitioner.name is not a reference to other resources'],
    ['Patient?organization.name.family=x', 'Organization.name is not a reference to other resources'],
    ['Patient?organization:Location.name=x', 'organization takes no modifier :Location'],
    ['QuestionnaireResponse?questionnaire.name=x', 'QuestionnaireResponse.questionnaire is not a reference'],
    ['Patient?_has:Observation:patient=x', '_has is written _has:Type:reference:parameter'],
    ['Patient?_has=x', '_has is written _has:Type:reference:parameter'],
    ['Patient?_has:Shoe:patient:code=x', 'not served'],
    ['Patient?_has:Observation:code:code=x', 'Observation.code is not a reference'],
    ['Practitioner?_has:Observation:patient:code=x', 'never refers to Practitioner'],
    ['Patient?_has:Observation:patient:shoe=x', 'Observation has no search parameter shoe'],
  ])('%s', (search, text) => {
    const { kind, text: said } = refusal(search);
    expect(kind).toBe('not-supported');
    expect(said).toContain(text);
  });
});

describe('refused as invalid, with the name of the parameter', () => {
  test.each([
    ['Patient?name=', 'name needs a value'],
    ['Patient?name=%20', 'name needs a value'],
    ['Patient?name=a,', 'name needs a value'],
    ['Patient?name=a\\b', 'name: a backslash'],
    ['Patient?birthdate=yesterday', 'birthdate must be a date'],
    ['Patient?birthdate=ge2020-02-31', 'birthdate must be a date'],
    ['Patient?birthdate=xx2020', 'birthdate must be a date'],
    ['Patient?birthdate=2020-01-01T00:00:00 02:00', 'birthdate must be a date'],
    ['Patient?active=yes', 'active takes true or false'],
    ['Patient?gender:missing=maybe', 'gender:missing takes true or false'],
    ['Patient?identifier=a|b|c', 'identifier must be code'],
    ['Patient?identifier=|', 'identifier needs a system or a code'],
    ['Patient?identifier:of-type=a|b', 'identifier:of-type must be system|code|value'],
    ['Patient?email=http://x|a@b', 'email must be a value without a system'],
    ['Observation?value-quantity=much', 'value-quantity must be a number'],
    ['Observation?value-quantity=5|mg', 'value-quantity must be number'],
    ['Observation?value-quantity=5|a|b|c', 'value-quantity must be number'],
    ['Observation?subject=a b', 'subject must be an id'],
    ['Observation?subject=%23contained', 'subject must be an id'],
    [`Patient?_sort=${Array(11).fill('name')}`, '_sort may have at most 10 parameters'],
    ['Patient?_count=-1', '_count must be a whole number'],
    ['Patient?_count=NaN', '_count must be a whole number'],
    ['Patient?_count=1.5', '_count must be a whole number'],
    ['Patient?_count=1&_count=2', '_count may occur only once'],
    ['Patient?_total=maybe', '_total must be none, estimate or accurate'],
    ['Patient?_include=Patient', '_include must be Type:'],
    ['Patient?_include=*:*', '_include must be Type:'],
    ['Patient?_include=*:organization', '_include must be Type:'],
    ['Patient?_revinclude=Provenance:target:Patient:x', '_revinclude must be Type:'],
  ])('%s', (search, text) => {
    const { kind, text: said } = refusal(search);
    expect(kind).toBe('invalid');
    expect(said).toContain(text);
  });
});

test('the text of a refusal never contains the value', () => {
  for (const search of [
    'Patient?birthdate=secret',
    'Patient?active=secret',
    'Observation?subject=sec ret',
    'Patient?identifier=a|b|secret',
  ]) {
    expect(refusal(search).text).not.toMatch(/sec ?ret/);
  }
});

describe('lenient handling', () => {
  test('ignores unknown and unserved parameters, and reports them', () => {
    const { query, self, ignored } = parsed(
      'Patient?shoe=x&gender=male&name:foo=y&_sort=shoe&_include=Patient:shoe&birthdate=&near.x=1',
      REGISTRY,
      'lenient',
    );
    expect(query.where).toHaveLength(1);
    expect(query.sort).toEqual([]);
    expect(self).toEqual([['gender', 'male']]);
    expect(ignored).toEqual(['shoe', 'name:foo', '_sort', '_include', 'birthdate', 'near.x']);
  });

  test('still refuses a malformed value', () => {
    expect(() => parsed('Patient?birthdate=yesterday', REGISTRY, 'lenient')).toThrow('birthdate must be a date');
  });
});

describe('conditions that cannot match are detected', () => {
  test.each(['Patient?_id=not an id', 'Patient?gender=http://example.org|male', 'Observation?subject:Group=Patient/1'])('%s', (search) => {
    expect(parsed(search).query.where).toEqual([{ on: 'nothing' }]);
  });
});

test('escaped separators are literal characters', () => {
  const found = (search: string): unknown => parsed(search).query.where;
  expect(found('Patient?identifier=a\\,b')).toEqual(found('Patient?identifier=a%5C%2Cb'));
  expect(found('Patient?identifier=a\\|b')).not.toEqual(found('Patient?identifier=a|b'));
  expect(found('Patient?identifier=a\\\\,b')).toMatchObject([{ any: [expect.any(String), expect.any(String)] }]);
});

test('a chain with equal ends in several types is one condition', () => {
  const [condition] = parsed('Patient?general-practitioner.identifier=1').query.where;
  expect(condition).toMatchObject({ on: 'chain', types: ['Organization', 'Practitioner', 'PractitionerRole'] });
  const [, name] = ['Organization', 'Practitioner'].map((type) => REGISTRY.lookup(type, 'name')!.number);
  expect(parsed('Patient?general-practitioner.name=x').query.where).toMatchObject([
    { on: 'chain', types: ['Organization', 'Practitioner'], where: [{ on: 'string', others: [name] }] },
  ]);
});

test('the work for a chain grows with its length, and not with the number of type combinations', () => {
  const depth = (condition: unknown): number => {
    const { where } = condition as { where?: unknown[] };
    return where ? 1 + depth(where[0]) : 0;
  };
  const name = `${'focus.'.repeat(50)}status`;
  const [condition] = parsed(`Task?${name}=x`).query.where;
  expect(depth(condition)).toBe(50);
});

test('all chains of a search together have at most 50 links', () => {
  const text = 'the chains of a search have at most 50 links in all';
  expect(refusal(`Task?${'part-of.'.repeat(51)}status=x`)).toMatchObject({ kind: 'invalid', text });
  expect(refusal(`Task?${'part-of.'.repeat(30)}status=x&${'_has:Task:part-of:'.repeat(30)}status=x`)).toMatchObject({ text });
  expect(refusal(`Task?${'part-of.'.repeat(100_000)}status=x`)).toMatchObject({ text });
});

test('a thousand alternatives are one condition', () => {
  const codes = Array.from({ length: 1000 }, (_, at) => `c${at}`).join(',');
  expect(parsed(`Observation?code=${codes}`).query.where).toMatchObject([{ on: 'token', any: { length: 1000 } }]);
});

test('any search is parsed or refused', () => {
  const codes = [
    ...new Set(SERVED_TYPES.flatMap((type) => REGISTRY.list(type).map(({ code }) => code))),
    '_has',
    '_sort',
    '_include',
    '__proto__',
  ];
  const tails = [
    '',
    ':missing',
    ':not',
    ':exact',
    ':identifier',
    ':Patient',
    '.name',
    ':Patient.name',
    ':Observation:patient:code',
    ':',
    '.',
  ];
  const names = fc.tuple(fc.oneof(fc.constantFrom(...codes), fc.string()), fc.constantFrom(...tails)).map(([code, tail]) => code + tail);
  const values = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('|', '\u0000', '\ud800', '\u{10ffff}', 'ge2020-02-30', '1e999', 'a,,b', '-_id', '-'),
  );
  fc.assert(
    fc.property(fc.constantFrom(...SERVED_TYPES), names, values, (type, name, value) => {
      try {
        parseSearch(type, [[name, value]], { registry: REGISTRY, baseUrl: BASE_URL, handling: 'strict' });
      } catch (error) {
        if (!(error instanceof FhirError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
