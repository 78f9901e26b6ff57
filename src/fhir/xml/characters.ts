// The characters of XML 1.0 and the namespaces of FHIR's XML. https://www.w3.org/TR/xml/#charsets, https://hl7.org/fhir/R4/xml.html

export const FHIR_NAMESPACE = 'http://hl7.org/fhir';
export const XHTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';

/** Characters that no XML document may contain, even as a number. */
const FORBIDDEN = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;
const REPLACEMENT = '\uFFFD';

/** Replaces the characters that XML cannot represent by U+FFFD. */
export const replaceForbidden = (text: string): string => text.replace(FORBIDDEN, REPLACEMENT);

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};
const NEEDS_ESCAPE = /[&<>"\t\n\r]/g;
/** A character to escape or to replace, or half of one that needs two code units. Most texts have none. */
const SPECIAL = /[^ !#-%'-;=?-\uD7FF\uE000-\uFFFD]/;

/** The text as the value of an attribute. White space is written as numbers, because a parser would turn it into spaces. https://www.w3.org/TR/xml/#AVNormalize */
export const escapeAttribute = (text: string): string =>
  SPECIAL.test(text) ? replaceForbidden(text).replace(NEEDS_ESCAPE, (character) => ESCAPES[character]!) : text;

/** The text as content of an element. Line ends stay: only a carriage return would be changed by a parser. https://www.w3.org/TR/xml/#sec-line-ends */
export const escapeText = (text: string): string => text.replace(/[&<>\r]/g, (character) => ESCAPES[character]!);
