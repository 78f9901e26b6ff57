import { formatPersonName, parseNameParts } from '../../src/fhir/person-name.ts';

const none = { prefix: [], given: [], family: [], suffix: [] };

test.each([
  ['Dr. Maria de la Cruz, MD', { prefix: ['Dr.'], given: ['Maria'], family: ['de la Cruz'], suffix: ['MD'] }],
  ['Cruz, Maria', { ...none, given: ['Maria'], family: ['Cruz'] }],
  ['Smith, Dr. Jane, MD', { prefix: ['Dr.'], given: ['Jane'], family: ['Smith'], suffix: ['MD'] }],
  ['SMITH, JANE', { ...none, given: ['JANE'], family: ['SMITH'] }],
  ['Jane Q Public MD PhD', { ...none, given: ['Jane', 'Q'], family: ['Public'], suffix: ['MD', 'PhD'] }],
  ['Jean-Luc Picard, FACP, MD', { ...none, given: ['Jean-Luc'], family: ['Picard'], suffix: ['FACP', 'MD'] }],
  ['Ludwig van Beethoven', { ...none, given: ['Ludwig'], family: ['van Beethoven'] }],
  ['Cruz, Maria de la', { ...none, given: ['Maria'], family: ['de la Cruz'] }],
  ['House', { ...none, family: ['House'] }],
  ['Dr', { ...none, family: ['Dr'] }],
  ['  Ada   Lovelace ', { ...none, given: ['Ada'], family: ['Lovelace'] }],
  [' , ', none],
])('%j has these parts, and its text is unchanged', (text, parts) => {
  expect(parseNameParts(text)).toEqual(parts);
  expect(formatPersonName(text, parseNameParts(text))).toBe(text);
});

test('parts that contradict the text determine the name', () => {
  expect(formatPersonName('Dr. Maria Cruz, MD', { ...none, given: ['Maria'], family: ['Jones'], suffix: ['MD'] })).toBe('Maria Jones, MD');
});

test('a name is built from parts alone, and without parts there is none', () => {
  expect(formatPersonName(undefined, { prefix: ['Dr'], given: ['Ann', 'Mary'], family: ['Lee'], suffix: ['MD', 'PhD'] })).toBe(
    'Dr Ann Mary Lee, MD, PhD',
  );
  expect(formatPersonName(undefined, none)).toBeUndefined();
});
