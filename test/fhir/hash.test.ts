// The hashes of the search index: the published algorithm, in the form of the database.
import { aliasHash, hash, hashParameterName } from '../../src/fhir/hash.ts';

test('a hash is XXH64 as a signed number', () => {
  expect(hash('')).toBe(BigInt.asIntN(64, 0xef46db3751d8e999n).toString());
  expect(hash('Nobody inspects the spammish repetition')).toBe(BigInt.asIntN(64, 0xfbcea83c8a378bf1n).toString());
});

test('a parameter number is XXH32 as a signed number', () => {
  expect(hashParameterName('')).toBe(0x02cc5d05);
  expect(hashParameterName('Nobody inspects the spammish repetition')).toBe(0xe2293b2f | 0);
});

test('an alias is hashed with the prefix _alias=', () => {
  const uuid = '53fefa32-fcbb-4ff8-8a92-55ee120877b7';
  expect(aliasHash(uuid)).toBe(hash(`_alias=${uuid}`));
});
