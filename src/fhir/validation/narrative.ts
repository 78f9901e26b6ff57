// Checks the XHTML of a narrative: one well-formed <div> with formatting elements only, and nothing executable. This is not an HTML parser.
// https://hl7.org/fhir/R4/narrative.html#xhtml, constraints txt-1 and txt-2
import { isReadable } from './primitives.ts';

/** The elements of txt-1: chapters 7 to 11 (without 9.4) and 15 of HTML 4.0, links and images. */
const ELEMENTS =
  'a abbr acronym address b bdo big blockquote br caption center cite code col colgroup dd dfn div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ' +
  'kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead tr tt u ul var';

/** The attributes of txt-1, further attributes of the same chapters (dir, clear, xml:lang …), and the namespace. */
const ATTRIBUTES =
  'abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite class clear color colspan ' +
  'compact coords dir face frame headers height href hreflang hspace id lang longdesc name noshade nowrap rel rev rowspan rules scope shape size ' +
  'span src start style summary tabindex title type valign value vspace width xml:lang xmlns xml:space';

const buildAlternation = (names: string): string => `(?:${names.replaceAll(' ', '|')})`;
const VALUE = `(?:"[^"<]*"|'[^'<]*')`;
/** A comment, or a tag. Groups: the slash of a closing tag, the name, the attributes, the slash of an empty element. */
const TAG = new RegExp(
  `<(?:!--(?:[^-]|-[^-])*-->|(/?)(${buildAlternation(ELEMENTS)})((?:\\s+${buildAlternation(ATTRIBUTES)}\\s*=\\s*${VALUE})*)\\s*(/?)>)`,
  'y',
);
const LOOSE_AMPERSAND = /&(?!(?:[A-Za-z][A-Za-z0-9]*|#\d+|#x[0-9A-Fa-f]+);)/;
const LINKED = /href|src|cite|longdesc/;
const LINK = /(?:href|src|cite|longdesc)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const IMAGE = /^<img\s.*src\s*=/s;
const SCRIPT_SCHEME = /^(?:javascript|vbscript|data:text)/i;
/** Browsers ignore spaces and control characters before and inside a scheme. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SKIPPED = /[\s\u0000-\u0020]+/g;
const ENTITY = /&#(x?)([0-9A-Fa-f]+);|&(Tab|NewLine|colon);/gi;
const NAMED: Readonly<Record<string, string>> = { tab: '\t', newline: '\n', colon: ':' };

/** txt-2: there is text between the tags, or an image. A `>` inside an attribute counts as the end of its tag, which can only add content. */
export function hasNarrativeContent(text: string): boolean {
  let open = text.indexOf('<');
  while (open >= 0) {
    const end = text.indexOf('>', open);
    const next = end < 0 ? -1 : text.indexOf('<', end);
    if (next < 0) return false;
    if (text.slice(end + 1, next).trim() !== '' || IMAGE.test(text.slice(open, end))) return true;
    open = next;
  }
  return false;
}

/** txt-1: one well-formed <div> with formatting, links and images only, and nothing executable. */
export function isSafeNarrative(text: string): boolean {
  const source = text.trim();
  if (!source.startsWith('<div') || LOOSE_AMPERSAND.test(source) || !isReadable(source)) return false;
  const open: string[] = [];
  for (let at = 0; at >= 0; at = source.indexOf('<', TAG.lastIndex)) {
    TAG.lastIndex = at;
    const tag = TAG.exec(source);
    if (!tag || !isAllowedTag(tag, open.at(-1))) return false;
    if (tag[1] === '/') open.pop();
    else if (tag[2] && !tag[4]) open.push(tag[2]);
    if (open.length === 0) return TAG.lastIndex === source.length;
  }
  return false;
}

/** A closing tag must match the last open element and have no attributes. Links of an opening tag must not be scripts. Comments are allowed anywhere. */
function isAllowedTag([, closes, name, attributes = '', empty]: RegExpExecArray, last: string | undefined): boolean {
  if (closes) return name === last && attributes === '' && !empty;
  return attributes === '' || !LINKED.test(attributes) || !hasScriptLink(attributes);
}

function hasScriptLink(attributes: string): boolean {
  for (const [, double, single] of attributes.matchAll(LINK)) if (isScriptUrl(double ?? single ?? '')) return true;
  return false;
}

const isScriptUrl = (value: string): boolean => SCRIPT_SCHEME.test(decodeEntities(value).replace(SKIPPED, ''));

const decodeEntities = (value: string): string =>
  value.replace(ENTITY, (_whole, hex: string, digits: string | undefined, name: string | undefined) =>
    digits === undefined ? NAMED[name!.toLowerCase()]! : toCharacter(Number.parseInt(digits, hex ? 16 : 10)),
  );

const toCharacter = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '');
