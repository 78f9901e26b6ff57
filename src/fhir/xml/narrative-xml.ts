// The <div> of a narrative, between the text of JSON and XML. Both are XHTML; they differ in named characters, CDATA sections, prefixes and line ends.
// https://hl7.org/fhir/R4/narrative.html#xhtml
import { decodeHTMLStrict } from 'entities';
import { isXmlCharacter } from '../xml-character.ts';
import { escapeText, replaceForbidden, XHTML_NAMESPACE } from './characters.ts';

/** A comment, a CDATA section, or a tag, in well-formed XHTML. */
const MARKUP = /<!--.*?-->|<!\[CDATA\[.*?\]\]>|<[^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*>/gs;
const CDATA = '<![CDATA[';
const ENTITY = /&(?:#(?:x([0-9A-Fa-f]+)|([0-9]+))|([A-Za-z][A-Za-z0-9]*));/g;
const XML_ENTITIES = new Set(['amp', 'lt', 'gt', 'quot', 'apos']);
/** The lookbehind keeps it linear: white space without an attribute after it is read once. */
const ATTRIBUTE = /(?<!\s)\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')/g;
const LINE_END = /\r\n?/g;
const VALUE_OR_LINE_END = /"[^"]*"|'[^']*'|\r\n?/g;
const CARRIAGE_RETURN = /\r/g;
const CARRIAGE_RETURN_NUMBER = /&#(?:0*13|x0*[dD]);/g;

/** The div of a JSON resource as XML: in its namespace, with characters in place of the named entities, which XML does not know. */
export function toXmlNarrative(div: string): string {
  const readable = replaceForbidden(div.trim()).replace(ENTITY, toXmlEntity);
  const tags = readable.replace(MARKUP, (markup) => (markup.startsWith('<!--') ? markup : removeRepeatedAttributes(markup)));
  return addNamespace(keepCarriageReturns(tags));
}

/**
 * The div of an XML document as JSON text. `source`: the text of the element, which a parser has found to be well-formed and in the namespace of XHTML. Prefixes
 * are removed, because the constraint txt-1 names elements without them. Characters replace HTML's named ones. All else stays as it was written.
 */
export function toJsonNarrative(source: string): string {
  const lines = source.replace(LINE_END, '\n');
  const plain = lines.replace(MARKUP, (markup) => {
    if (markup.startsWith('<!--')) return markup;
    return markup.startsWith(CDATA) ? escapeText(markup.slice(CDATA.length, -']]>'.length)) : removePrefix(markup);
  });
  return addNamespace(plain.replace(ENTITY, toXmlEntity)).replace(CARRIAGE_RETURN_NUMBER, '\r');
}

/**
 * The characters that HTML names (`nbsp`), by their names. XML itself knows five names, but HTML's occur in narratives, and each is only a character.
 */
export const HTML_CHARACTERS: Record<string, string> = new Proxy(
  {},
  {
    get(_target, name) {
      const entity = `&${String(name)};`;
      const characters = decodeHTMLStrict(entity);
      return characters === entity ? undefined : characters;
    },
  },
);

function toXmlEntity(entity: string, hex?: string, digits?: string, name?: string): string {
  if (name === undefined) return isXmlCharacter(hex === undefined ? Number(digits) : Number.parseInt(hex, 16)) ? entity : '\uFFFD';
  if (XML_ENTITIES.has(name)) return entity;
  const characters = decodeHTMLStrict(entity);
  // a name that HTML does not define is shown as it was written
  return escapeText(characters).replaceAll('"', '&quot;');
}

/** Of an attribute that occurs twice, which JSON allows and XML does not, the first is kept. A namespace other than that of XHTML is removed. */
function removeRepeatedAttributes(tag: string): string {
  const seen = new Set<string>();
  return tag.replace(ATTRIBUTE, (attribute, name: string, value: string) => {
    const isForeign = name === 'xmlns' && value.slice(1, -1) !== XHTML_NAMESPACE;
    const isKept = !seen.has(name) && !isForeign;
    seen.add(name);
    return isKept ? attribute : '';
  });
}

/** Prefixes of XHTML's elements, and their declarations, are removed. */
const removePrefix = (tag: string): string =>
  tag.replace(/^<(\/?)[^\s/>:]+:/, '<$1').replace(ATTRIBUTE, (attribute, name: string) => (name.startsWith('xmlns:') ? '' : attribute));

/** A parser reads a carriage return as a line feed, unless it is written as a number. In comments, and in tags outside of values, it has no meaning. */
function keepCarriageReturns(xhtml: string): string {
  if (!xhtml.includes('\r')) return xhtml;
  const parts: string[] = [];
  let end = 0;
  for (const { 0: markup, index } of xhtml.matchAll(MARKUP)) {
    parts.push(xhtml.slice(end, index).replace(CARRIAGE_RETURN, '&#13;'));
    parts.push(markup.startsWith('<!--') ? markup.replace(LINE_END, '\n') : keepInValues(markup));
    end = index + markup.length;
  }
  return parts.join('') + xhtml.slice(end);
}

const keepInValues = (tag: string): string =>
  tag.replace(VALUE_OR_LINE_END, (found) => (found.startsWith('\r') ? '\n' : found.replace(CARRIAGE_RETURN, '&#13;')));

/** The div with the namespace of XHTML, if it does not name it. */
function addNamespace(div: string): string {
  const [tag = ''] = /^<[^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*>/.exec(div) ?? [];
  const isNamed = [...tag.matchAll(ATTRIBUTE)].some(([, name]) => name === 'xmlns');
  return isNamed ? div : div.replace(/^<div/, `<div xmlns="${XHTML_NAMESPACE}"`);
}
