// G. search values and modifiers, by the numbers of the requirements. https://hl7.org/fhir/R4/search.html#ptypes
import { expectRefusal, finder, type Resource, server, store } from './asking.ts';

const { ask } = server();
const find = finder(ask);
const GENDERS = 'http://hl7.org/fhir/ValueSet/administrative-gender';
const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const MR = { coding: [{ system: 'urn:types', code: 'MR' }] };

beforeAll(() =>
  store(
    ask,
    {
      resourceType: 'Patient',
      id: 'ann',
      active: true,
      gender: 'female',
      birthDate: '1980-05-17',
      identifier: [{ system: 'urn:mrn', value: 'A,1|2$3\\4', type: MR }],
      name: [{ family: 'Müller', given: ['Anna', 'Maria'] }],
      address: [{ line: ['5 Hill Rd'], city: 'Köln' }],
      telecom: [{ system: 'phone', value: '555-0100', use: 'home' }],
      communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'de', display: 'German' }], text: 'Deutsch' } }],
      meta: { tag: [{ system: 'urn:t', code: 'vip' }], security: [{ system: 'urn:s', code: 'R' }], source: 'urn:feed:1' },
    },
    {
      resourceType: 'Patient',
      id: 'bob',
      active: false,
      gender: 'male',
      identifier: [{ system: 'urn:other', value: '12345' }, { value: 'loose' }],
      name: [{ family: 'de  la Cruz', given: ['Joanna', 'B'] }],
      meta: { profile: ['http://example.org/profile|2.1'] },
    },
    { resourceType: 'Patient', id: 'cy', identifier: [{ system: 'urn:mrn', value: 'loose' }], name: [{ text: "O'Neil" }] },
    {
      resourceType: 'ServiceRequest',
      id: 'panel',
      status: 'draft',
      intent: 'order',
      subject: { reference: 'Patient/ann' },
      instantiatesUri: ['http://example.org/orders/7'],
    },
  ),
);

test.each([
  ['a parameter again is AND', 'given=anna&given=maria', ['ann']],
  ['a comma is OR', 'given=maria,joanna', ['ann', 'bob']],
  ['both', 'given=anna,joanna&family=m,o', ['ann']],
  ['\\, \\| \\$ and \\\\ are the letters themselves', 'identifier=urn:mrn|A\\,1\\|2\\$3\\\\4', ['ann']],
])('G77 %s', async (_title, query, expected) => {
  expect(await find(`Patient?${query.replaceAll('\\', '%5C')}`)).toEqual(expected);
});

test.each([
  ['begins with, whatever the case', 'family=MUL', ['ann']],
  ['whatever the accents, in the search too', 'family=mull,mÜll', ['ann']],
  ['not anywhere inside', 'family=ller', []],
  ['several spaces are one', 'family=de la  cru', ['bob']],
  [':contains is anywhere, whatever case and accents', 'given:contains=ANN', ['ann', 'bob']],
  [':contains with accents', 'family:contains=uller', ['ann']],
  [':exact is the whole, in its case', 'family:exact=Müller', ['ann']],
  [':exact is not another case', 'family:exact=müller', []],
  [':exact is not another accent', 'family:exact=Muller', []],
  [':exact is not the beginning', 'family:exact=Müll', []],
  ['any part of a name: family', 'name=muller', ['ann']],
  ['any part of a name: each given', 'name=maria', ['ann']],
  ['any part of a name: text', "name=o'ne", ['cy']],
  ['any part of an address: line', 'address=5 hill', ['ann']],
  ['any part of an address: city', 'address=koln', ['ann']],
])('G78 a string: %s', async (_title, query, expected) => {
  expect(await find(`Patient?${query}`)).toEqual(expected);
});

test.each([
  ['code: of any system', 'identifier=loose', ['bob', 'cy']],
  ['system|code', 'identifier=urn:mrn|loose', ['cy']],
  ['|code: of no system', 'identifier=|loose', ['bob']],
  ['system|: any code of it', 'identifier=urn:mrn|', ['ann', 'cy']],
  ['its case matters', 'identifier=LOOSE', []],
  ['a boolean', 'active=false', ['bob']],
  ['a code', 'gender=female', ['ann']],
  ['a ContactPoint', 'phone=555-0100', ['ann']],
  ['a CodeableConcept', 'language=urn:ietf:bcp:47|de', ['ann']],
])('G79 a token: %s', async (_title, query, expected) => {
  expect(await find(`Patient?${query}`)).toEqual(expected);
});

test.each([
  [':not, also without the element', 'gender:not=male', ['ann', 'cy']],
  [':not of several is none of them', 'gender:not=male,female', ['cy']],
  [':text of a display', 'language:text=german', ['ann']],
  [':text of a text', 'language:text=deut', ['ann']],
  [':of-type', 'identifier:of-type=urn:types|MR|A\\,1\\|2\\$3\\\\4', ['ann']],
  [':of-type, another type', 'identifier:of-type=urn:types|DL|loose', []],
  [':in a value set of R4', `gender:in=${GENDERS}`, ['ann', 'bob']],
  [':not-in, also without the element', `gender:not-in=${GENDERS}`, ['cy']],
  [':below of a code that has nothing below it', 'gender:below=female', ['ann']],
  [':missing=true', 'active:missing=true', ['cy']],
  [':missing=false', 'active:missing=false', ['ann', 'bob']],
])('G80 a token with %s', async (_title, query, expected) => {
  expect(await find(`Patient?${query.replaceAll('\\', '%5C')}`)).toEqual(expected);
});

test.each([
  [':below', 'active', ['active', 'recurring']],
  [':below', 'recurrence', ['recurring']],
  [':above', 'recurrence', ['active', 'recurring']],
  [':above', 'active', ['active']],
])('G80 %s of the code %s, by the hierarchy of its code system', async (modifier, code, expected) => {
  const condition = (id: string, status: string): Resource => {
    const clinicalStatus = { coding: [{ system: CLINICAL, code: status }] };
    return { resourceType: 'Condition', id, clinicalStatus, subject: { reference: 'Patient/ann' } };
  };
  await store(ask, condition('active', 'active'), condition('recurring', 'recurrence'), condition('over', 'resolved'));
  expect(await find(`Condition?clinical-status${modifier}=${CLINICAL}%7C${code}`)).toEqual(expected);
});

test.each(['in', 'not-in', 'above', 'below'])(
  'G80 :%s with a value set or code system that is not loaded is refused, never ignored',
  async (modifier) => {
    expectRefusal(await ask('GET', `/Patient?language:${modifier}=http://example.org/unknown`), 400);
  },
);

test.each([
  ['exactly', 'Patient?_source=urn:feed:1', ['ann']],
  ['not by its beginning', 'Patient?_source=urn:feed', []],
  ['its case matters', 'Patient?_source=URN:feed:1', []],
  [':below is what begins with it', 'ServiceRequest?instantiates-uri:below=http://example.org/orders/', ['panel']],
  [':above is what it begins with', 'ServiceRequest?instantiates-uri:above=http://example.org/orders/7/steps', ['panel']],
  [':above is not what goes further', 'ServiceRequest?instantiates-uri:above=http://example.org/orders', []],
])('G82 a uri: %s', async (_title, search, expected) => {
  expect(await find(search)).toEqual(expected);
});

test.each([
  ['a string', 'address:missing=true', ['bob', 'cy']],
  ['a date', 'birthdate:missing=false', ['ann']],
  ['a token', 'phone:missing=false', ['ann']],
  ['a reference', 'organization:missing=true', ['ann', 'bob', 'cy']],
  ['a uri', '_source:missing=false', ['ann']],
])('G86 :missing on %s', async (_title, query, expected) => {
  expect(await find(`Patient?${query}`)).toEqual(expected);
});

test('G86 :missing takes true or false, and nothing else', async () => {
  expectRefusal(await ask('GET', '/Patient?gender:missing=maybe'), 400, 'invalid');
});

test.each([
  ['_id of several', '_id=ann,cy,nobody', ['ann', 'cy']],
  ['_lastUpdated with a prefix', '_lastUpdated=gt2020-01-01&_id=ann', ['ann']],
  ['_lastUpdated before it was', '_lastUpdated=lt2020-01-01', []],
  ['_tag', '_tag=urn:t|vip', ['ann']],
  ['_profile with its version', '_profile=http://example.org/profile|2.1', ['bob']],
  ['_profile:below', '_profile:below=http://example.org/profile', ['bob']],
  ['_security', '_security=urn:s|R', ['ann']],
  ['_source', '_source=urn:feed:1', ['ann']],
])('G87 %s', async (_title, query, expected) => {
  expect(await find(`Patient?${query.replaceAll('|', '%7C')}`)).toEqual(expected);
});

test('G87 _type at the base searches the named types; an unknown type, or one without the parameter, is 400', async () => {
  expect(await find('?_type=Patient,ServiceRequest&_id=ann,panel')).toEqual(['ann', 'panel']);
  expect(await find('?_type=Patient&_id=ann,panel')).toEqual(['ann']);
  expectRefusal(await ask('GET', '/?_type=Patient,Dragon'), 400);
  const refused = await ask('GET', '/?_type=Patient,ServiceRequest&birthdate=1980');
  expectRefusal(refused, 400);
  expect(refused.body.issue[0].diagnostics).toContain('ServiceRequest has no search parameter birthdate');
});
