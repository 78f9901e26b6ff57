// Parses uri values: the same uri, uris that begin with it (:below), or uris that it begins with (:above). https://hl7.org/fhir/R4/search.html#uri
import { MAX_FOLDED_LENGTH, toPrefixRange } from '../indexing/text-folding.ts';
import { hashCode } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import type { Condition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, unescapeValue } from './search-value.ts';
import { buildTokenCondition } from './token-condition.ts';

const URL_BEGINNING = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/./u;
/** The last code point of Unicode. A value that contains it is refused, because no range of texts can end after it. */
const LAST = '\u{10ffff}';

/**
 * R4: "either the search term left-matches the value, or vice-versa". :above and :below apply to URLs only. A URL below `baseUrl`, this server's FHIR base, also
 * finds the same URL relative to it: of an attachment, it may be stored so.
 */
export function parseUriCondition(
  { code, number }: SearchParameter,
  modifier: string,
  value: string,
  { baseUrl }: { baseUrl: string },
): Condition {
  const texts = splitAlternatives(code, value).map(unescapeValue);
  if (modifier === '') {
    const relative = texts.filter((text) => baseUrl !== '' && text.startsWith(`${baseUrl}/`)).map((text) => text.slice(baseUrl.length + 1));
    return buildTokenCondition([...texts, ...relative].map((text) => hashCode(code, text)));
  }
  if (!texts.every((text) => URL_BEGINNING.test(text) && text.length <= MAX_FOLDED_LENGTH && !text.includes(LAST)))
    throw invalid(`${code}:${modifier} supports only URLs of at most ${MAX_FOLDED_LENGTH} characters`);
  if (modifier === 'below') return { on: 'string', parameter: number, any: texts.map(toPrefixRange) };
  return { on: 'string', parameter: number, any: [{ among: [...new Set(texts.flatMap(listUrlPrefixes))] }] };
}

/** All URLs that a URL begins with, including itself. */
function listUrlPrefixes(url: string): string[] {
  const shortest = URL_BEGINNING.exec(url)![0].length;
  return Array.from({ length: url.length - shortest + 1 }, (_one, at) => url.slice(0, shortest + at));
}
