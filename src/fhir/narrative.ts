// What the XHTML of a narrative may hold: one well-formed <div> of formatting elements, nothing that acts. Not an HTML parser.
// https://hl7.org/fhir/R4/narrative.html#xhtml, constraints txt-1 and txt-2

/** The elements of txt-1: chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, links and images. */
const ELEMENTS = new Set(
  (
    'a abbr acronym address b bdo big blockquote br caption center cite code col colgroup dd dfn div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ' +
    'kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var'
  ).split(' '),
);

/** The attributes of txt-1, those of the same chapters that its list leaves out (dir, clear, xml:lang …), and the namespace. */
const ATTRIBUTES = new Set(
  (
    'abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class clear color colspan ' +
    'compact coords dir face frame headers height href hreflang hspace id lang longdesc name noshade nowrap rel rev rowspan rules scope shape size ' +
    'span src start style summary tabindex title type valign value vspace width xml:lang xmlns xml:space'
  ).split(' '),
);

const TEXT = /[^<&]+|&(?:[A-Za-z][A-Za-z0-9]*|#\d+|#x[0-9A-Fa-f]+);/y;
const COMMENT = /<!--(?:[^-]|-[^-])*-->/y;
const OPEN = /<([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z_:][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const CLOSE = /<\/([A-Za-z][A-Za-z0-9]*)\s*>/y;
const ATTRIBUTE = /([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const WORDS = />[^<]*[^\s<][^<]*</;
const IMAGE = /<img\s[^>]*src\s*=/;
const RUNS = /^(?:javascript|vbscript|data:text)/i;
/** Browsers skip spaces and control characters in front of and inside a scheme. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SKIPPED = /[\s\u0000-\u0020]+/g;
const ENTITY = /&#(x?)([0-9A-Fa-f]+);|&(Tab|NewLine|colon);/gi;
const NAMED: Readonly<Record<string, string>> = { tab: '\t', newline: '\n', colon: ':' };

/** txt-2: there is something to read or to see. */
export const hasContent = (text: string): boolean => WORDS.test(text) || IMAGE.test(text);

/** txt-1: a text is one well-formed <div> that holds only formatting, links and images, and nothing that runs. */
export function isSafe(text: string): boolean {
  const source = text.trim();
  const open: string[] = [];
  let at = 0;
  do {
    const token = open.length === 0 ? outerDiv(source) : tokenAt(source, at);
    if (!token) return false;
    if (token.opens) open.push(token.opens);
    if (token.closes && open.pop() !== token.closes) return false;
    at = token.end;
  } while (open.length > 0);
  return at === source.length;
}

/** One piece of XHTML: where it ends, and the name of the element it opens or closes. */
interface Token {
  end: number;
  opens?: string;
  closes?: string;
}

function outerDiv(source: string): Token | undefined {
  const token = tokenAt(source, 0);
  return token?.opens === 'div' ? token : undefined;
}

/** The token at a place; undefined when what stands there is not allowed. */
function tokenAt(source: string, at: number): Token | undefined {
  const text = matchAt(TEXT, source, at) ?? matchAt(COMMENT, source, at);
  if (text) return { end: at + text[0].length };
  const close = matchAt(CLOSE, source, at);
  if (close) return { end: at + close[0].length, closes: close[1]! };
  const tag = matchAt(OPEN, source, at);
  if (!tag || !ELEMENTS.has(tag[1]!) || !areSafe(tag[2]!)) return undefined;
  return { end: at + tag[0].length, ...(tag[3] === '' && { opens: tag[1]! }) };
}

function areSafe(attributes: string): boolean {
  if (attributes === '') return true;
  for (const [, name, double, single] of attributes.matchAll(ATTRIBUTE)) {
    if (!ATTRIBUTES.has(name!) || runs(double ?? single ?? '')) return false;
  }
  return true;
}

const runs = (value: string): boolean => RUNS.test(decoded(value).replace(SKIPPED, ''));

const decoded = (value: string): string =>
  value.replace(ENTITY, (_whole, hex: string, digits: string | undefined, name: string | undefined) =>
    digits === undefined ? NAMED[name!.toLowerCase()]! : character(Number.parseInt(digits, hex ? 16 : 10)),
  );

const character = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '');

function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}
