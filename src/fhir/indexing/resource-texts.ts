// The texts of a resource for `_text` and `_content`: the words of its narrative, and those of all its texts. https://hl7.org/fhir/R4/search.html#text
import { isElement, isObject, readMember } from '../json-values.ts';
import { foldWholeText } from './text-folding.ts';

/** The most characters that are indexed. PostgreSQL allows 1 MB for the words and their positions together. */
const MAX_LENGTH = 256 * 1024;
/** Longer words are left out: PostgreSQL indexes words of up to 2 kB, and such a word is no word of a language. */
const MAX_WORD_LENGTH = 200;

/** The narrative as words. Undefined: the resource has none. https://hl7.org/fhir/R4/narrative.html */
export function readNarrativeWords(resource: unknown): string | undefined {
  const div = readMember(readMember(resource, 'text'), 'div');
  return typeof div === 'string' ? toWords([stripMarkup(div)]) : undefined;
}

/** All texts as words, without markup. The content of attachments and technical values (URIs, ids, types) are left out. */
export const readContentWords = (resource: unknown): string | undefined => toWords(listTexts(resource));

/** Elements without words: ids and versions of the resource, and its type. */
const WITHOUT_WORDS: ReadonlySet<string> = new Set(['id', 'meta', 'resourceType']);
/** Texts without words, base64 and literal references. Objects with these names (`Consent.provision.data`) have words. */
const CODED_TEXTS: ReadonlySet<string> = new Set(['data', 'reference']);
const URI = /^(?:[a-z][a-z0-9+.-]*:\/\/|urn:|#)\S*$/i;

function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return URI.test(value) ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(listTexts);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    if (WITHOUT_WORDS.has(name) || (typeof item === 'string' && CODED_TEXTS.has(name))) return [];
    return name === 'div' && isElement(value) && typeof item === 'string' ? [stripMarkup(item)] : listTexts(item);
  });
}

/** Tags inside a word: `H<sub>2</sub>O`. */
const INLINE_TAG = /<\/?(?:a|b|big|code|em|font|i|small|span|strong|sub|sup|tt|u)(?:\s[^>]*)?>/gi;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const stripMarkup = (xhtml: string): string =>
  xhtml
    .replace(/<!--.*?-->/gs, ' ')
    .replace(INLINE_TAG, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w{1,16});/gi, (_whole, name: string) => decodeEntity(name));

/** Other named entities are no letters that JSON could not contain itself, so they separate words. */
function decodeEntity(name: string): string {
  if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? ' ';
  const point = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff) ? String.fromCodePoint(point) : ' ';
}

/** The folded words, separated by spaces. Undefined: there are none. */
function toWords(texts: readonly string[]): string | undefined {
  const words: string[] = [];
  let length = 0;
  for (const text of texts) {
    for (const word of splitWords(shorten(text))) {
      length += word.length + 1;
      if (length > MAX_LENGTH) return words.join(' ');
      words.push(word);
    }
  }
  return words.length ? words.join(' ') : undefined;
}

/** The text up to the limit, without the word that the limit would cut. */
const shorten = (text: string): string => (text.length <= MAX_LENGTH ? text : text.slice(0, MAX_LENGTH).replace(/\S*$/, ''));

/** The folded words of a text: letters and digits only, so that PostgreSQL finds the same words in the index and in a search. */
export const splitWords = (text: string): string[] =>
  foldWholeText(text)
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '' && word.length <= MAX_WORD_LENGTH);
