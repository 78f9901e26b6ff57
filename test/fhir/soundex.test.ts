// American Soundex, by the examples of the National Archives.
import { encodeSoundex } from '../../src/fhir/indexing/text-folding.ts';

test.each([
  ['washington', 'w252'],
  ['lee', 'l000'],
  ['gutierrez', 'g362'],
  ['pfister', 'p236'],
  ['jackson', 'j250'],
  ['tymczak', 't522'],
  ['ashcraft', 'a261'],
  ['robert', 'r163'],
  ['rupert', 'r163'],
])('%s has the code %s', (name, code) => {
  expect(encodeSoundex(name)).toEqual([code]);
});

test('each word of a name is encoded, equal codes occur once, and other scripts and numbers are unchanged', () => {
  expect(encodeSoundex('robert rupert smith 中村 3')).toEqual(['r163', 's530', '中村', '3']);
});
