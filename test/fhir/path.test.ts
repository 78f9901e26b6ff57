import { evalFhirPathTyped, toTypedValue } from '@medplum/core';
import { parseExactJson, stringifyJson } from '../../src/fhir/json.ts';
import { compilePath, type PathScope, type PathVariables } from '../../src/fhir/writable-path/path.ts';

const aliases = { mrn: 'urn:mrn', us: 'urn:states', kind: 'urn:kind', note: 'http://example.org/note' };
const patient = {
  resourceType: 'Patient',
  id: 'p',
  active: false,
  name: [
    { use: 'official', given: ['Ada', 'Augusta'], family: 'Lovelace' },
    { use: 'maiden', family: 'Byron' },
  ],
  telecom: [
    { system: 'phone', value: '1', use: 'home' },
    { system: 'phone', value: '2', use: 'work' },
    { system: 'email', value: 'ada@example.com' },
  ],
  identifier: [
    { system: 'urn:mrn', value: '7', type: { coding: [{ system: 'urn:kind', code: 'MR' }] } },
    { system: 'urn:other', value: '8' },
  ],
  extension: [
    { url: 'http://example.org/note', valueString: 'first' },
    { url: 'http://example.org/flag', valueBoolean: true },
  ],
  contained: [
    { resourceType: 'Organization', id: 'o' },
    { resourceType: 'Patient', id: 'before', birthDate: '1815-12-10' },
  ],
  birthDate: '1815-12-10',
  generalPractitioner: [
    { reference: 'Organization/s' },
    { reference: '#o' },
    { reference: 'Practitioner/p' },
    { reference: 'Practitioner/q' },
  ],
};

const at = (text: string, more: Partial<PathScope> = {}) => compilePath(text, { type: 'Patient', aliases, ...more });

const oracle = (text: string, resource: object, env: PathVariables = {}): unknown[] => {
  const names = Object.entries({ ...aliases, ...env }).map(([name, value]) => [`%${name}`, toTypedValue(value)]);
  return evalFhirPathTyped(text, [toTypedValue(resource)], Object.fromEntries(names)).map(({ value }) => value);
};

describe('reading', () => {
  test.each([
    'birthDate',
    'name.family',
    'name.first().family',
    'name.first().given',
    'name.first().given.first()',
    'name.given.skip(1).first()',
    'name.skip(1).first().family',
    'name.skip(7).first().family',
    "telecom.where(system='phone').value",
    "telecom.where(system='phone' and use='work').value",
    "telecom.where(system='phone').first().value",
    "telecom.where(system='fax').value",
    'identifier.where(system=%mrn).value',
    "identifier.where(type.coding.where(system=%kind and code='MR').exists()).value",
    'identifier.where(type.exists().not()).value',
    'extension(%note).value.ofType(string)',
    "extension('http://example.org/flag').value.ofType(boolean)",
    'contained.ofType(Patient).birthDate',
    "contained.ofType(Patient).where(id='before').id",
    "telecom.where(system='phone').exists()",
    'link.exists()',
    'generalPractitioner.where(resolve() is Practitioner).reference',
    'generalPractitioner.where(resolve() is Practitioner).first().reference',
    'generalPractitioner.where(resolve() is Organization and display.exists().not()).reference',
    'active',
    "name.where(family='O\\'Brien').given",
    "name . where( use = 'official' ) . family",
    '(name).family',
    'name.`given`',
  ])('%s reads the same values as a FHIRPath engine', (text) => {
    expect(at(text).get(patient)).toEqual(oracle(text, patient));
  });

  test('a condition on a variable is met by the value of the variable', () => {
    const variables = { use: 'string' };
    const text = 'telecom.where(use=%use).value';
    expect(at(text, { variables }).get(patient, { use: 'work' })).toEqual(['2']);
    expect(oracle(text, patient, { use: 'work' })).toEqual(['2']);
  });

  test('a comparison with several values is not met', () => {
    const text = "name.where(given='Ada').family";
    expect(at(text).get(patient)).toEqual(oracle(text, patient));
    expect(at(text).get(patient)).toEqual([]);
  });

  test('a path from a variable reads the resources that are its value', () => {
    const roles = [
      { resourceType: 'PractitionerRole', active: false, code: [{ text: 'retired' }] },
      { resourceType: 'PractitionerRole', code: [{ text: 'doctor' }] },
    ];
    const current = '%roles.where(active.where($this=false).exists().not()).code.text';
    expect(at(current, { variables: { roles: 'PractitionerRole' } }).get(patient, { roles })).toEqual(['doctor']);
    expect(oracle('PractitionerRole.where(active.where($this=false).exists().not()).code.text', roles[0]!)).toEqual([]);
    expect(oracle('PractitionerRole.where(active.where($this=false).exists().not()).code.text', roles[1]!)).toEqual(['doctor']);
  });

  test('extension(url) finds every extension with that url', () => {
    const twice = { ...patient, extension: [patient.extension[0], { url: 'http://example.org/note', valueString: 'second' }] };
    expect(at('extension(%note).value.ofType(string)').get(twice)).toEqual(['first', 'second']);
  });

  test('resolve() finds the type of a reference to a resource of this server', () => {
    const leads = (reference: object): boolean =>
      at('generalPractitioner.where(resolve() is Practitioner).exists()').get(
        { generalPractitioner: [reference] },
        { baseUrl: 'https://here.example/fhir/R4' },
      )[0] as boolean;
    expect(leads({ reference: 'https://here.example/fhir/R4/Practitioner/p' })).toBe(true);
    expect(leads({ reference: 'https://elsewhere.example/fhir/R4/Practitioner/p' })).toBe(false);
    expect(leads({ type: 'Practitioner', identifier: { value: '7' } })).toBe(false);
    expect(leads({ reference: 'PractitionerRole/p' })).toBe(false);
  });

  test('resolve() after a path tells elements by what they refer to', () => {
    const link = [{ other: { reference: 'Patient/p' } }, { other: { display: 'unknown' } }, { other: { reference: 'RelatedPerson/r' } }];
    const find = (type: string): unknown[] => at(`link.where(other.resolve() is ${type}).other.reference`).get({ link });
    expect([find('Patient'), find('RelatedPerson')]).toEqual([['Patient/p'], ['RelatedPerson/r']]);
    expect(() => find('Device')).toThrow(/it never refers to Device/);
    expect(() => at('link.where(type.resolve() is Patient).other.reference')).toThrow(
      'resolve() needs a reference, and this is of type code',
    );
  });

  test('resolve() after a path with several references is not met', () => {
    const path = at('activity.where(outcomeReference.resolve() is Observation).reference.reference', { type: 'CarePlan' });
    const outcomes = ['Observation/a', 'Observation/b'].map((reference) => ({ reference }));
    const find = (outcomeReference: object[]): unknown[] =>
      path.get({ activity: [{ outcomeReference, reference: { reference: 'Task/t' } }] });
    expect([find(outcomes), find(outcomes.slice(1))]).toEqual([[], ['Task/t']]);
  });

  test('an absent node has no values', () => {
    expect(at('name.first().family').get(undefined)).toEqual([]);
    expect(at('name.first().family').get({ name: [null] })).toEqual([]);
  });
});

describe('writing', () => {
  const empty = { resourceType: 'Patient' };

  test.each([
    ['birthDate', '1990-01-01', { birthDate: '1990-01-01' }],
    ['name.first().family', 'X', { name: [{ family: 'X' }] }],
    ["telecom.where(system='phone').value", '5', { telecom: [{ system: 'phone', value: '5' }] }],
    ["telecom.where(system='phone' and use.exists().not()).value", '5', { telecom: [{ system: 'phone', value: '5' }] }],
    ['extension(%note).value.ofType(string)', 'n', { extension: [{ url: 'http://example.org/note', valueString: 'n' }] }],
    [
      "identifier.where(type.coding.where(system=%kind and code='MR').exists()).value",
      '9',
      { identifier: [{ type: { coding: [{ system: 'urn:kind', code: 'MR' }] }, value: '9' }] },
    ],
    [
      "contained.ofType(Patient).where(id='b').name.first().given.first()",
      'A',
      { contained: [{ resourceType: 'Patient', id: 'b', name: [{ given: ['A'] }] }] },
    ],
    [
      'generalPractitioner.where(resolve() is Practitioner).first().reference',
      'Practitioner/a',
      { generalPractitioner: [{ reference: 'Practitioner/a' }] },
    ],
    [
      "link.where(type='seealso' and other.resolve() is RelatedPerson).first().other.reference",
      'RelatedPerson/a',
      { link: [{ type: 'seealso', other: { reference: 'RelatedPerson/a' } }] },
    ],
  ])('%s creates its elements, is read back, and leaves nothing when it is removed', (text, value, expected) => {
    const made = at(text).put(empty, [value]);
    expect(made).toEqual({ ...empty, ...expected });
    expect(at(text).get(made)).toEqual([value]);
    expect(oracle(text, made)).toEqual([value]);
    expect(at(text).put(made, [])).toEqual(empty);
  });

  test('only the element that meets the conditions changes', () => {
    const before = structuredClone(patient);
    const after = at("telecom.where(system='phone').value").put(patient, ['9']);
    expect(after).toEqual({ ...patient, telecom: [{ system: 'phone', value: '9', use: 'home' }, patient.telecom[1], patient.telecom[2]] });
    expect(patient).toEqual(before);
    expect(after.name).toBe(patient.name);
  });

  test('when a value is removed, its element stays only if it has other content', () => {
    const named = { ...patient, name: [{ use: 'official', given: ['Ada'], family: 'Lee' }] };
    expect(at('name.first().family').put(named, []).name).toEqual([{ use: 'official', given: ['Ada'] }]);
    expect(at("telecom.where(system='phone').value").put(patient, []).telecom).toEqual(patient.telecom.slice(2));
    const noted = { resourceType: 'Specimen', note: [{ id: 'n', text: 'x', time: '2026-01-01T00:00:00Z' }] };
    expect(compilePath('note.first().text', { type: 'Specimen' }).put(noted, [])).toEqual({ resourceType: 'Specimen' });
    const day = { resourceType: 'PractitionerRole', availableTime: [{ id: 'a', daysOfWeek: ['mon'] }] };
    expect(compilePath('availableTime.first().daysOfWeek', { type: 'PractitionerRole' }).put(day, [])).toEqual({
      resourceType: 'PractitionerRole',
    });
  });

  test('a removed element is not replaced by the next one', () => {
    const told = { ...patient, telecom: [1, 2, 3].map((rank) => ({ system: rank === 2 ? 'fax' : 'phone', value: String(rank), rank })) };
    const phone = at("telecom.where(system='phone').value");
    expect(phone.put(told, []).telecom).toEqual([{ system: 'fax', value: '2', rank: 2 }]);
    expect(phone.put(told, ['9']).telecom).toEqual([{ system: 'phone', value: '9', rank: 1 }, ...told.telecom.slice(1)]);
    const moved = { ...patient, address: [{ city: 'A', state: 'TX' }, { city: 'B' }] };
    expect(at('address.first().city').put(moved, []).address).toEqual([{ state: 'TX' }, { city: 'B' }]);
    expect(at('address.skip(1).first().city').put(moved, []).address).toEqual([{ city: 'A', state: 'TX' }]);
    expect(at('address.first().city').put({ ...moved, address: [{ city: 'A' }, { city: 'B' }] }, [])).not.toHaveProperty('address');
  });

  test('references to other types keep their positions', () => {
    const path = at('generalPractitioner.where(resolve() is Practitioner).first().reference');
    const [surgery, inside] = patient.generalPractitioner;
    expect(path.put(patient, []).generalPractitioner).toEqual([surgery, inside]);
    expect(path.put({ ...patient, generalPractitioner: [surgery] }, ['Practitioner/x']).generalPractitioner).toEqual([
      surgery,
      { reference: 'Practitioner/x' },
    ]);
  });

  test('putting the stored value changes nothing', () => {
    for (const text of [
      'birthDate',
      'name.first().given',
      "telecom.where(system='email').value",
      'extension(%note).value.ofType(string)',
    ]) {
      expect(at(text).put(patient, at(text).get(patient))).toEqual(patient);
    }
    expect(at("telecom.where(system='fax').value").put(patient, [])).toBe(patient);
  });

  test('a value of a choice replaces a value of another type', () => {
    const path = compilePath('value.ofType(string)', { type: 'Extension' });
    expect(path.put({ url: 'u', valueCode: 'x' }, ['text'])).toEqual({ url: 'u', valueString: 'text' });
    expect(at('deceased.ofType(dateTime)').put({ deceasedBoolean: true }, ['2025'])).toEqual({ deceasedDateTime: '2025' });
  });

  test('members of a list of primitives keep their siblings', () => {
    const given = compilePath('given', { type: 'HumanName' });
    const first = compilePath('given.first()', { type: 'HumanName' });
    const name = { given: ['A', 'B'], _given: [null, { id: 'b' }] };
    expect(given.put(name, ['Z', 'B'])).toEqual({ given: ['Z', 'B'], _given: [null, { id: 'b' }] });
    expect(given.put(name, ['B', 'A', 'C'])).toEqual({ given: ['B', 'A', 'C'], _given: [{ id: 'b' }, null, null] });
    expect(given.put(name, ['A'])).toEqual({ given: ['A'] });
    expect(first.put(name, ['Z'])).toEqual({ given: ['Z', 'B'], _given: [null, { id: 'b' }] });
  });

  test('the sibling of a primitive stays with an unchanged value, and is removed when the value changes or is removed', () => {
    const birth = compilePath('birthDate', { type: 'Patient' });
    const born = { birthDate: '1974-12-25', _birthDate: { extension: [{ url: 'urn:time', valueTime: '14:35:45' }] } };
    expect(birth.put(born, ['1974-12-25'])).toBe(born);
    expect(birth.put({ ...born, active: true }, ['2001-01-01'])).toEqual({ birthDate: '2001-01-01', active: true });
    expect(birth.put({ ...born, active: true }, [])).toEqual({ active: true });
    expect(birth.put({ _birthDate: born._birthDate }, ['2001-01-01'])).toEqual({ birthDate: '2001-01-01' });
    const died = { deceasedBoolean: true, _deceasedBoolean: { id: 'd' } };
    expect(compilePath('deceased.ofType(dateTime)', { type: 'Patient' }).put(died, ['2025'])).toEqual({ deceasedDateTime: '2025' });
    const first = compilePath('given.first()', { type: 'HumanName' });
    const name = { given: ['A', 'B'], _given: [{ id: 'a' }, { id: 'b' }], family: 'F' };
    expect(first.put(name, ['Z'])).toEqual({ given: ['Z', 'B'], _given: [null, { id: 'b' }], family: 'F' });
    expect(first.put({ given: ['A'], _given: [{ id: 'a' }], family: 'F' }, [])).toEqual({ family: 'F' });
    const unsaid = { given: [null, 'B'], _given: [{ extension: [{ url: 'urn:unsaid', valueCode: 'masked' }] }, null] };
    expect(first.put(unsaid, ['Z'])).toEqual({ ...unsaid, given: [null, 'Z'] });
  });

  test('exact digits survive a write to another element', () => {
    const text = '{"resourceType":"Patient","extension":[{"url":"http://example.org/d","valueDecimal":1.00}]}';
    const written = at('extension(%note).value.ofType(string)').put(parseExactJson(text), ['n']);
    expect(stringifyJson(written)).toContain('"valueDecimal":1.00}');
  });
});

describe('a path outside the subset is refused when it is compiled', () => {
  test.each([
    ['birthdate', 'Patient has no element birthdate'],
    ['name.first().surname', 'HumanName has no element surname'],
    ['deceasedBoolean', 'write deceased.ofType(boolean) instead of deceasedBoolean'],
    ['deceased', 'deceased[x] is a choice'],
    ['deceased.ofType(string)', 'cannot be a string'],
    ['birthDate.ofType(date)', 'is not a choice: remove ofType()'],
    ['name.last()', 'last() is not in the mapping subset'],
    ['name[0].family', 'name[0] is not in the mapping subset of FHIRPath: write name.first()'],
    ['name.given[1]', 'name.given[1] is not in the mapping subset of FHIRPath: write name.given.skip(1).first()'],
    ['name.given + name.family', 'name.given + name.family is not in the mapping subset'],
    ['name.family)', '")" is not expected at character 12'],
    ['name..family', '"." is not expected at character 6'],
    ["telecom.where(system='phone).value", 'the quote at character 22 is not closed'],
    ["telecom.where(system='phone' or use='home').value", "system='phone' or use='home' is not a condition: write path = 'value'"],
    ["telecom.where(system='phone'='x').value", 'one comparison at a time'],
    ["name.exists(use='usual')", 'exists() takes no argument here'],
    ['name.exists()[0]', 'nothing may follow exists()'],
    ['name.skip(given).first().family', 'skip(given) needs a whole number'],
    ['first()', 'nothing before it'],
    ['name.skip(1).family', 'skip(n) needs first()'],
    ["name.first().where(use='usual').family", 'may not follow first()'],
    ["telecom.where(system='phone'", 'not closed'],
    ['telecom.where(system).value', 'is not a condition'],
    ['telecom.where(resolve() is Practitioner).value', 'resolve() needs a reference, and this is of type ContactPoint'],
    ['generalPractitioner.where(resolve() is Patient).first().reference', 'it never refers to Patient; there are Organization'],
    ['telecom.where(system=phone).value', 'neither a'],
    ['telecom.where(system=%nobody).value', '%nobody is neither an alias nor a variable'],
    ['%nobody.name', '%nobody is neither an alias nor a variable'],
    ['extension(%use).value.ofType(string)', 'an extension needs a known url'],
    ['name.exists().family', 'nothing may follow exists()'],
    ['', 'not in the mapping subset'],
  ])('%s', (text, why) => {
    expect(() => at(text, { variables: { use: 'string' } })).toThrow(why);
  });

  test.each([
    ['name.family', 'name repeats'],
    ['telecom.exists()', 'exists() is a test'],
    ['%roles.active', '%roles is not part of the resource'],
    ["telecom.where(use='home' and use.exists().not()).value", 'cannot be made true'],
  ])('%s is read-only', (text, why) => {
    const path = at(text, { variables: { roles: 'PractitionerRole' } });
    expect(path.readOnly).toContain(why);
    expect(() => path.put(patient, ['x'])).toThrow(why);
  });
});
