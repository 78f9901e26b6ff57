// The values of a narrative's attributes: links and images do not run anything, and styles format the narrative without leaving it.
// https://hl7.org/fhir/R4/narrative.html#xhtml: "internally contained style attributes", "no active content". The lists of schemes and properties are inferred from it.
import { decodeEntities } from './narrative-entities.ts';

/** The schemes of links. Others start programs (javascript, vbscript, data, and those that an installed program handles). */
const LINK_SCHEMES = new Set('http https mailto tel sms ftp urn'.split(' '));
/**
 * The schemes of images. R4 allows images without a limit to contained ones, so http and https are accepted: whoever shows a narrative decides whether to load
 * them (https://hl7.org/fhir/R4/security.html#narrative).
 */
const IMAGE_SCHEMES = new Set(['http', 'https']);
/** Pictures that cannot contain scripts. SVG can. */
const IMAGE_DATA = /^data:image\/(?:png|jpeg|jpg|gif|bmp|webp|tiff)[;,]/i;
const SCHEME = /^([^:/?#]*):/;
/** Browsers ignore spaces and control characters before and inside a scheme. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SKIPPED = /[\s\u0000-\u0020]+/g;
const XHTML = 'http://www.w3.org/1999/xhtml';

/** Properties of CSS that format text, tables and boxes where they stand. Others (position, transform, behavior, content, filter …) move content or load it. */
const PROPERTIES = new RegExp(
  '^(?:background-color|background|border(?:-[a-z-]+)?|caption-side|clear|color|column(?:-[a-z-]+)?s?|direction|display|empty-cells|float|font(?:-[a-z-]+)?|' +
    '(?:max-|min-)?(?:height|width)|hyphens|letter-spacing|line-(?:break|height)|list-style(?:-[a-z]+)?|margin(?:-[a-z-]+)?|mso-[a-z-]+|opacity|orphans|' +
    'outline(?:-[a-z]+)?|overflow(?:-[a-z]+)?|padding(?:-[a-z-]+)?|page-break-[a-z]+|break-[a-z]+|quotes|tab-size|table-layout|' +
    '(?:-webkit-|-moz-|-ms-)?text-[a-z-]+|unicode-bidi|vertical-align|visibility|white-space|widows|word-[a-z]+|writing-mode)$',
);
/** The functions of colours and sizes. url(), image-set(), expression() and all others are refused. */
const FUNCTIONS = new Set('rgb rgba hsl hsla calc min max'.split(' '));
const NAME_END = /[\s,:;)]/;
/** An escape or comment can disguise a name, `@` and braces begin rules, and `<` is not text of a style. */
const NOT_PLAIN = /[\\@{}<]|\/\*/;
const NEGATIVE = /(?:^|\s)-|calc|m(?:in|ax)\(/;

const ATTRIBUTE = /\s+([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const CHECKS: Readonly<Record<string, (value: string) => boolean>> = {
  href: isSafeLink,
  cite: isSafeLink,
  longdesc: isSafeLink,
  src: isSafeImage,
  style: isSafeStyle,
  xmlns: (value) => value === XHTML,
};

/** `attributes`: the text of the attributes of an opening tag, each with quotes. An attribute may occur once, as in all XML. */
export function areSafeAttributes(attributes: string): boolean {
  const seen = new Set<string>();
  for (const [, name, double, single] of attributes.matchAll(ATTRIBUTE)) {
    if (seen.has(name!) || CHECKS[name!]?.(decodeEntities(double ?? single ?? '')) === false) return false;
    seen.add(name!);
  }
  return true;
}

function isSafeLink(value: string): boolean {
  const scheme = findScheme(value);
  return scheme === undefined || LINK_SCHEMES.has(scheme);
}

function isSafeImage(value: string): boolean {
  const scheme = findScheme(value);
  return scheme === undefined || IMAGE_SCHEMES.has(scheme) || IMAGE_DATA.test(value);
}

/** The scheme of a URL as a browser reads it. None: the URL is relative. */
const findScheme = (value: string): string | undefined => SCHEME.exec(value.replace(SKIPPED, ''))?.[1]?.toLowerCase();

function isSafeStyle(value: string): boolean {
  if (NOT_PLAIN.test(value)) return false;
  return findCalls(value).every((name) => FUNCTIONS.has(name)) && value.split(';').every(isSafeDeclaration);
}

/** The names of the functions that a style calls: what stands before each parenthesis. */
function findCalls(value: string): string[] {
  const before = value.toLowerCase().split('(').slice(0, -1);
  return before.map((text) => text.split(NAME_END).at(-1)!);
}

/** A negative margin covers what stands beside the narrative. */
function isSafeDeclaration(declaration: string): boolean {
  const colon = declaration.indexOf(':');
  if (colon < 0) return true;
  const property = declaration.slice(0, colon).trim().toLowerCase();
  return PROPERTIES.test(property) && !(property.startsWith('margin') && NEGATIVE.test(declaration.slice(colon + 1).toLowerCase()));
}
