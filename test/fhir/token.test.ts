// The hashed texts of tokens: all forms that a query can use, with a different text for each meaning.
import { hash } from '../../src/fhir/hash.ts';
import {
  hashCode,
  hashForm,
  hashIdentifierOfType,
  hashPresence,
  hashToken,
  hashUnit,
  toSystemCodeForm,
  toSystemForm,
} from '../../src/fhir/indexing/token.ts';

test('a coding is found by code, by system and code, and by system', () => {
  expect(hashToken('code', { system: 'http://loinc.org', code: '1234-5' })).toEqual(
    ['code=1234-5', 'code=http://loinc.org|1234-5', 'code=http://loinc.org|'].map(hash),
  );
});

test('without a system it is found by code and by |code', () => {
  expect(hashToken('gender', { system: null, code: 'male' })).toEqual(['gender=male', 'gender=|male'].map(hash));
});

test('a value whose type has no system is found by its code only', () => {
  expect(hashToken('active', { code: 'true' })).toEqual([hash('active=true')]);
});

test('a system without a code is found by the system', () => {
  expect(hashToken('identifier', { system: 'urn:oid:1.2' })).toEqual([hash('identifier=urn:oid:1.2|')]);
});

test('a | inside a value is not a separator', () => {
  expect(hashCode('identifier', 'a|b')).not.toBe(hashForm('identifier', toSystemCodeForm('a', 'b')));
  expect(hashCode('identifier', 'a|')).not.toBe(hashForm('identifier', toSystemForm('a')));
  expect(hashForm('identifier', toSystemCodeForm('a|b', 'c'))).not.toBe(hashForm('identifier', toSystemCodeForm('a', 'b|c')));
  expect(hashCode('identifier', 'a\\|b')).not.toBe(hashCode('identifier', 'a|b'));
});

test('presence, types and units have texts of their own', () => {
  expect(hashPresence('gender')).toBe(hash('gender:missing=false'));
  expect(hashIdentifierOfType('identifier', { system: 's', code: 'MR' }, '1')).toBe(hash('identifier:of-type=s|MR|1'));
  expect(hashUnit('http://unitsofmeasure.org', 'mg')).not.toBe(hashUnit(null, 'mg'));
});
