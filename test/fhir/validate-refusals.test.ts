// Resources with one fault each are refused, with its element. https://hl7.org/fhir/R4/validation.html
import { brief, type Json, patient, request, withElements } from './valid-resources.ts';

describe('of an order', () => {
  test.each<[string, Json, string[]]>([
    ['no subject', { subject: undefined }, ['required ServiceRequest.subject']],
    ['no status', { status: undefined }, ['required ServiceRequest.status']],
    [
      'neither status nor intent',
      { status: undefined, intent: undefined },
      ['required ServiceRequest.status', 'required ServiceRequest.intent'],
    ],
    ['a status that is no request status', { status: 'ordered' }, ['code-invalid ServiceRequest.status']],
    ['a subject of a wrong type', { subject: { reference: 'Practitioner/1' } }, ['value ServiceRequest.subject']],
    [
      'a subject of a wrong type, by URL and version',
      { subject: { reference: 'https://example.org/fhir/Organization/1/_history/3' } },
      ['value ServiceRequest.subject'],
    ],
    [
      'a subject whose type element is wrong',
      { subject: { type: 'Organization', identifier: { value: '1' } } },
      ['value ServiceRequest.subject'],
    ],
    ['a reference given as text', { subject: 'Patient/1' }, ['structure ServiceRequest.subject']],
    ['a time without a zone', { occurrenceDateTime: '2026-02-20T10:00:00' }, ['value ServiceRequest.occurrence']],
    ['an instant where a date is', { authoredOn: 'yesterday' }, ['value ServiceRequest.authoredOn']],
    ['two types of one choice', { occurrencePeriod: { start: '2026' } }, ['structure ServiceRequest.occurrence']],
    ['details without a code (prr-1)', { code: undefined, orderDetail: [{ text: 'a' }] }, ['invariant ServiceRequest']],
    [
      'a quantity with two rules broken',
      { quantityQuantity: { code: 'mg', value: 'x' } },
      ['structure ServiceRequest.quantity.value', 'invariant ServiceRequest.quantity'],
    ],
  ])('%s is refused', (_what, elements, expected) => {
    expect(brief(withElements(request, elements))).toEqual(expected);
  });
});

describe('of a patient', () => {
  test.each<[string, Json, string[]]>([
    ['a list where one value is', { gender: ['male'] }, ['structure Patient.gender']],
    ['one object where a list is', { name: { family: 'A' } }, ['structure Patient.name']],
    [
      'a mandatory element of a backbone element left out',
      { communication: [{ preferred: true }] },
      ['required Patient.communication[0].language'],
    ],
    ['an unknown element', { shoeSize: 42 }, ['structure Patient.shoeSize']],
    ['an unknown element below', { name: [{ family: 'A', nick: 'B' }] }, ['structure Patient.name[0].nick']],
    [
      'an unknown element in a contained resource',
      { contained: [{ resourceType: 'Organization', id: 'clinic', name: 'A', shoe: 1 }] },
      ['structure Patient.contained[0].shoe'],
    ],
    ['a month and a day that do not exist', { birthDate: '2026-13-45' }, ['value Patient.birthDate']],
    ['another way to write a date', { birthDate: '20/02/1987' }, ['value Patient.birthDate']],
    ['the 30th of February', { birthDate: '2026-02-30' }, ['value Patient.birthDate']],
    ['the 29th of February of a common year', { birthDate: '2025-02-29' }, ['value Patient.birthDate']],
    ['an instant without a time', { meta: { lastUpdated: '2026-02-20' } }, ['value Patient.meta.lastUpdated']],
    ['a text where true or false is', { active: 'true' }, ['structure Patient.active']],
    ['a number where a text is', { name: [{ family: 5 }] }, ['structure Patient.name[0].family']],
    ['a gender that is no code of it', { gender: 'F' }, ['code-invalid Patient.gender']],
    [
      'a telecom system that is no code of it',
      { telecom: [{ system: 'telephone', value: '1' }] },
      ['code-invalid Patient.telecom[0].system'],
    ],
    ['a type the choice does not have', { deceasedBoolean: undefined, deceasedString: 'yes' }, ['structure Patient.deceasedString']],
    ['two types of one choice', { deceasedDateTime: '2026' }, ['structure Patient.deceased']],
    [
      'two types of one choice, one only as extensions',
      { _deceasedDateTime: { extension: [{ url: 'https://example.org', valueCode: 'a' }] } },
      ['structure Patient.deceased'],
    ],
    ['an unknown member beside a primitive', { _birthDate: { value: 'x' } }, ['structure Patient.birthDate.value']],
    ['an underscore in front of an unknown element', { _shoe: { extension: [{ url: 'a', valueCode: 'b' }] } }, ['structure Patient.shoe']],
    ['an underscore in front of an element that is no primitive', { _name: { id: 'a' } }, ['structure Patient.name']],
    ['an id beside a primitive that has no value', { _active: { id: 'a' }, active: undefined }, ['structure Patient.active']],
    ['an extension without a url', { extension: [{ valueString: 'a' }] }, ['required Patient.extension[0].url']],
    [
      'an extension with a value and extensions (ext-1)',
      { extension: [{ url: 'a', valueString: 'b', extension: [{ url: 'c', valueString: 'd' }] }] },
      ['invariant Patient.extension[0]'],
    ],
    ['an extension with neither (ext-1)', { extension: [{ url: 'a' }] }, ['invariant Patient.extension[0]']],
    [
      'an extension with two values',
      { extension: [{ url: 'a', valueString: 'b', valueCode: 'c' }] },
      ['structure Patient.extension[0].value'],
    ],
    ['an extension with a value of no type', { extension: [{ url: 'a', valueShoe: 'b' }] }, ['structure Patient.extension[0].valueShoe']],
    [
      'a wrong value deep inside an extension',
      { extension: [{ url: 'a', valuePeriod: { start: '2026-02-30' } }] },
      ['value Patient.extension[0].value.start'],
    ],
    ['a contact who is nobody (pat-1)', { contact: [{ gender: 'male' }] }, ['invariant Patient.contact[0]']],
    ['a telecom value without a system (cpt-2)', { telecom: [{ value: '555-0100' }] }, ['invariant Patient.telecom[0]']],
    [
      'a period that ends before it starts (per-1)',
      { name: [{ family: 'A', period: { start: '2021', end: '2020' } }] },
      ['invariant Patient.name[0].period'],
    ],
    ['an empty object', { maritalStatus: {} }, ['invariant Patient.maritalStatus']],
    ['an object with nothing but an id', { maritalStatus: { id: 'a' } }, ['invariant Patient.maritalStatus']],
    ['an empty list', { name: [] }, ['structure Patient.name']],
    ['null', { birthDate: null, _birthDate: undefined }, ['structure Patient.birthDate']],
    ['null in a list of objects', { telecom: [null] }, ['structure Patient.telecom[0]']],
    ['null in a list of primitives with nothing beside it', { name: [{ given: ['A', null] }] }, ['structure Patient.name[0].given']],
    [
      'null in both lists at one place',
      { name: [{ given: ['A', null], _given: [{ id: 'a' }, null] }] },
      ['structure Patient.name[0].given'],
    ],
    ['a list with nulls only', { name: [{ given: [null] }] }, ['structure Patient.name[0].given']],
    [
      'something contained that is no resource',
      { contained: [{ junk: true }] },
      ['required Patient.contained[0].resourceType', 'invariant Patient.managingOrganization', 'invariant Patient'],
    ],
    [
      'a contained resource of no R4 type',
      { contained: [{ resourceType: 'Shoe', id: 'clinic' }] },
      ['code-invalid Patient.contained[0].resourceType'],
    ],
    ['an id with characters no id has', { id: 'a b/c' }, ['value Patient.id']],
    ['an empty text', { name: [{ family: '' }] }, ['value Patient.name[0].family']],
    [
      'a script in the narrative (txt-1)',
      { text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><script>a</script></div>' } },
      ['invariant Patient.text.div'],
    ],
    [
      'a narrative without content (txt-2)',
      { text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"> </div>' } },
      ['invariant Patient.text.div'],
    ],
    ['a uri with a space', { identifier: [{ system: 'https://example.org/a b', value: '1' }] }, ['value Patient.identifier[0].system']],
    ['a rank of zero', { telecom: [{ system: 'phone', value: '1', rank: 0 }] }, ['value Patient.telecom[0].rank']],
    ['a whole number with a fraction', { deceasedBoolean: undefined, multipleBirthInteger: 1.5 }, ['structure Patient.multipleBirth']],
    ['a number beyond 32 bits', { multipleBirthInteger: 3_000_000_000 }, ['value Patient.multipleBirth']],
    ['a media type that is none', { photo: [{ contentType: 'png', url: 'https://example.org' }] }, ['value Patient.photo[0].contentType']],
    ['data without a content type (att-1)', { photo: [{ data: 'AAAA' }] }, ['invariant Patient.photo[0]']],
    [
      'a local reference that leads nowhere (ref-1)',
      { generalPractitioner: [{ reference: '#nobody' }] },
      ['invariant Patient.generalPractitioner[0]'],
    ],
    [
      'a local reference to a wrong type',
      { generalPractitioner: [{ reference: '#p' }], contained: [{ resourceType: 'Patient', id: 'p' }], managingOrganization: undefined },
      ['value Patient.generalPractitioner[0]'],
    ],
    ['a contained resource nobody refers to (dom-3)', { managingOrganization: undefined }, ['invariant Patient']],
    [
      'a contained resource with a version (dom-4)',
      { contained: [{ resourceType: 'Organization', id: 'clinic', name: 'A', meta: { versionId: '1' } }] },
      ['invariant Patient'],
    ],
    [
      'a contained resource that contains one (dom-2)',
      { contained: [{ resourceType: 'Organization', id: 'clinic', name: 'A', contained: [{ resourceType: 'Patient', id: 'b' }] }] },
      ['invariant Patient.contained[0].contained', 'invariant Patient'],
    ],
    [
      'a wrong date in a contained resource',
      { contained: [{ resourceType: 'Organization', id: 'clinic', name: 'A', identifier: [{ value: '1', period: { end: 'x' } }] }] },
      ['value Patient.contained[0].identifier[0].period.end'],
    ],
    ['prototype keys', { constructor: 1, toString: 'a' }, ['structure Patient.constructor', 'structure Patient.toString']],
  ])('%s is refused', (_what, elements, expected) => {
    expect(brief(withElements(patient, elements))).toEqual(expected);
  });
});
