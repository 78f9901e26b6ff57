// Uri values of a search: the same uri, or one that begins with it (:below) or that it begins with (:above). https://hl7.org/fhir/R4/search.html#uri
import { MAX_FOLDED_LENGTH, toPrefixRange } from '../indexing/text-folding.ts';
import { hashCode } from '../indexing/token.ts';
import { invalid } from '../outcome.ts';
import type { Condition } from './query.ts';
import type { SearchParameter } from './registry.ts';
import { splitAlternatives, unescapeValue } from './search-value.ts';
import { buildTokenCondition } from './token-condition.ts';

const URL_BEGINNING = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/./u;
/** Nothing comes after Unicode's last code point: no range of texts can end there. */
const LAST = '\u{10ffff}';

/** As R4 says: "either the search term left-matches the value, or vice-versa"; of URLs only. */
export function parseUriCondition({ code, number }: SearchParameter, modifier: string, value: string): Condition {
  const texts = splitAlternatives(code, value).map(unescapeValue);
  if (modifier === '') return buildTokenCondition(texts.map((text) => hashCode(code, text)));
  if (!texts.every((text) => URL_BEGINNING.test(text) && text.length <= MAX_FOLDED_LENGTH && !text.includes(LAST)))
    throw invalid(`${code}:${modifier} takes URLs of at most ${MAX_FOLDED_LENGTH} characters; a URN has nothing above or below it`);
  if (modifier === 'below') return { on: 'string', parameter: number, any: texts.map(toPrefixRange) };
  return { on: 'string', parameter: number, any: [{ among: [...new Set(texts.flatMap(listUrlPrefixes))] }] };
}

/** All URLs that a URL begins with, itself among them. */
function listUrlPrefixes(url: string): string[] {
  const shortest = URL_BEGINNING.exec(url)![0].length;
  return Array.from({ length: url.length - shortest + 1 }, (_one, at) => url.slice(0, shortest + at));
}
