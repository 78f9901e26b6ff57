// Checks the XHTML of a narrative: one well-formed <div> with formatting elements only, and nothing executable. This is not an HTML parser.
// https://hl7.org/fhir/R4/narrative.html#xhtml, constraints txt-1 and txt-2. https://hl7.org/fhir/R4/security.html#narrative
import { areSafeAttributes } from './narrative-attributes.ts';
import { hasKnownEntitiesOnly } from './narrative-entities.ts';
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
/**
 * A comment, or a tag. Groups: the slash of a closing tag, the name, the attributes, the slash of an empty element. A comment may not begin with `>` or `->`:
 * XML reads on to `-->`, but HTML ends the comment there and runs what follows. `<!--[if` is a condition that old browsers obey.
 * https://html.spec.whatwg.org/multipage/parsing.html#parse-error-abrupt-closing-of-empty-comment
 */
const TAG = new RegExp(
  `<(?:!--(?!-?>|\\s*\\[)(?:[^-]|-[^-])*-->|(/?)(${buildAlternation(ELEMENTS)})((?:\\s+${buildAlternation(ATTRIBUTES)}\\s*=\\s*${VALUE})*)\\s*(/?)>)`,
  'y',
);
const IMAGE = /^<img\s.*src\s*=/s;

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
  if (!source.startsWith('<div') || !isReadable(source) || !hasKnownEntitiesOnly(source)) return false;
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

/** A closing tag must match the last open element and have no attributes. */
function isAllowedTag([, closes, name, attributes = '', empty]: RegExpExecArray, last: string | undefined): boolean {
  if (closes) return name === last && attributes === '' && !empty;
  return attributes === '' || areSafeAttributes(attributes);
}
