import { escapeSearchValue, splitAlternatives, splitComponents, splitParts, unescapeValue } from '../../src/fhir/search/search-value.ts';
import fc from '../fast-check.ts';

test('an escaped text is one alternative, one value of a composite and one part, and is read back as it was', () => {
  const text = fc.string({ unit: fc.constantFrom('\\', ',', '|', '$', 'a', ' ', 'é') }).filter((value) => value.trim() !== '');
  fc.assert(
    fc.property(text, text, (one, other) => {
      const value = [one, other].map(escapeSearchValue).join(',');
      expect(splitAlternatives('code', value).map(unescapeValue)).toEqual([one, other]);
      expect(splitComponents([one, other].map(escapeSearchValue).join('$')).map(unescapeValue)).toEqual([one, other]);
      expect(splitParts([one, other].map(escapeSearchValue).join('|'))).toEqual([one, other]);
    }),
  );
});
