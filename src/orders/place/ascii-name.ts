// Converts a person's name to the characters that the lab network accepts: ASCII letters, digits, - . , ' and single spaces.

/** Letters that Unicode normalization does not split, and punctuation with an ASCII equivalent. */
const TRANSLITERATIONS: Record<string, string> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'Ae',
  œ: 'oe',
  Œ: 'Oe',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  ł: 'l',
  Ł: 'L',
  þ: 'th',
  Þ: 'Th',
  ħ: 'h',
  Ħ: 'H',
  ŧ: 't',
  Ŧ: 'T',
  ı: 'i',
  '’': "'",
  '‘': "'",
  ʼ: "'",
  '`': "'",
  '´': "'",
  '‐': '-',
  '‑': '-',
  '–': '-',
  '—': '-',
};
const TRANSLITERATED_LETTER = new RegExp(`[${Object.keys(TRANSLITERATIONS).join('')}]`, 'g');

/** `José Núñez` → `Jose Nunez`; undefined when no character is left. */
export function toAsciiName(text: string): string | undefined {
  const spelled = text.replace(TRANSLITERATED_LETTER, (letter) => TRANSLITERATIONS[letter]!).normalize('NFKD');
  const kept = spelled
    .replace(/\s+/g, ' ')
    .replace(/[^A-Za-z0-9\-.,' ]/g, '')
    .replace(/ +/g, ' ');
  const name = kept.replace(/^[^A-Za-z0-9]+/, '').trim();
  return name === '' ? undefined : name;
}
