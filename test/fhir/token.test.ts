// Which texts stand behind token hashes: every form a query may use, and no two meanings under one text.
import { hash } from '../../src/fhir/hash.ts';
import {
  codeHash,
  formHash,
  ofTypeHash,
  presenceHash,
  systemCodeForm,
  systemForm,
  tokenHashes,
  unitHash,
} from '../../src/fhir/indexing/token.ts';

test('a coding is found by code, by system and code, and by system', () => {
  expect(tokenHashes('code', { system: 'http://loinc.org', code: '1234-5' })).toEqual(
    ['code=1234-5', 'code=http://loinc.org|1234-5', 'code=http://loinc.org|'].map(hash),
  );
});

test('without a system it is found by code and by |code', () => {
  expect(tokenHashes('gender', { system: null, code: 'male' })).toEqual(['gender=male', 'gender=|male'].map(hash));
});

test('a value whose type has no system is found by itself alone', () => {
  expect(tokenHashes('active', { code: 'true' })).toEqual([hash('active=true')]);
});

test('a system without a code is found by the system', () => {
  expect(tokenHashes('identifier', { system: 'urn:oid:1.2' })).toEqual([hash('identifier=urn:oid:1.2|')]);
});

test('a | inside a value is no separator', () => {
  expect(codeHash('identifier', 'a|b')).not.toBe(formHash('identifier', systemCodeForm('a', 'b')));
  expect(codeHash('identifier', 'a|')).not.toBe(formHash('identifier', systemForm('a')));
  expect(formHash('identifier', systemCodeForm('a|b', 'c'))).not.toBe(formHash('identifier', systemCodeForm('a', 'b|c')));
  expect(codeHash('identifier', 'a\\|b')).not.toBe(codeHash('identifier', 'a|b'));
});

test('presence, types and units have texts of their own', () => {
  expect(presenceHash('gender')).toBe(hash('gender:missing=false'));
  expect(ofTypeHash('identifier', { system: 's', code: 'MR' }, '1')).toBe(hash('identifier:of-type=s|MR|1'));
  expect(unitHash('http://unitsofmeasure.org', 'mg')).not.toBe(unitHash(null, 'mg'));
});
