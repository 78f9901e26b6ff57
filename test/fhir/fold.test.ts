// Folded texts, which search compares, and the range of texts that begin with a prefix.

import { foldText, MAX_FOLDED_LENGTH, toPrefixRange } from '../../src/fhir/indexing/text-folding.ts';
import fc from '../fast-check.ts';

test.each([
  ['Müller-Lüdenscheidt', 'muller ludenscheidt'],
  ['  Anna\t Maria ', 'anna maria'],
  ['O’Brien', 'obrien'],
  ["O'Brien", 'obrien'],
  ['O´Brien', 'obrien'],
  ['Straße', 'strasse'],
  ['STRASSE', 'strasse'],
  ['Søren Æble', 'soren aeble'],
  ['Wałęsa', 'walesa'],
  ['İstanbul', 'istanbul'],
  ['ΟΔΥΣΣΕΥΣ', 'οδυσσευσ'],
  ['ｆｕｌｌｗｉｄｔｈ', 'fullwidth'],
  ['St. Mary, Ward 3', 'st mary ward 3'],
  ['a_b-c/d', 'a b c d'],
  ['ann@example.com', 'ann examplecom'],
  ['soft\u00adhyphen', 'softhyphen'],
  ['nul\u0000here', 'nul here'],
  ['non\u{10ffff}characters\ufffe', 'non characters'],
  ['中村', '中村'],
  ['---', '---'],
  ['', ''],
  [' \t ', ''],
])('%j folds to %j', (text, folded) => {
  expect(foldText(text)).toBe(folded);
});

test('a text and its decomposed form fold to the same text', () => {
  expect(foldText('e\u0301')).toBe(foldText('\u00e9'));
});

test('a folded text folds to itself', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => foldText(foldText(text)) === foldText(text)));
});

test('the faster folding of ASCII has the same result', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => foldText(`${text}\u0301`) === foldText(text)));
});

test('if a text contains another, its folded text contains the other folded text', () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 12 });
  fc.assert(
    fc.property(texts, texts, texts, (before, text, after) => {
      const wanted = foldText(text);
      fc.pre(/[\p{L}\p{N}]/u.test(text) && before.length + text.length + after.length < MAX_FOLDED_LENGTH);
      return foldText(before + text + after).includes(wanted);
    }),
  );
});

test('long texts are truncated, never inside a character', () => {
  expect(foldText('x'.repeat(MAX_FOLDED_LENGTH + 9))).toHaveLength(MAX_FOLDED_LENGTH);
  expect(foldText(`${'x'.repeat(MAX_FOLDED_LENGTH - 1)}𠮷y`)).toBe('x'.repeat(MAX_FOLDED_LENGTH - 1));
});

const afterOrAt = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) >= 0;

test('the range of a prefix contains exactly the texts that begin with it', () => {
  const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(words, words, (prefix, text) => {
      fc.pre(!prefix.endsWith('\u{10ffff}'));
      const { from, to } = toPrefixRange(prefix);
      const inside = afterOrAt(text, from) && !afterOrAt(text, to);
      return inside === text.startsWith(prefix) && afterOrAt(prefix + text, from) && !afterOrAt(prefix + text, to);
    }),
  );
});

test('a prefix may end before the surrogate code points', () => {
  expect(toPrefixRange('a\ud7ff').to).toBe('a\ue000');
});
