// Parses the XML of a resource. https://hl7.org/fhir/R4/xml.html
// The parser checks that the document is well-formed XML 1.0. Document types, entities but XML's own, and processing instructions are refused.
import { setImmediate } from 'node:timers/promises';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { DEEPEST, type ParsedJson, toPlainJson } from '../json.ts';
import { FHIR_NAMESPACE, XHTML_NAMESPACE } from './characters.ts';
import { declareNamespaces, type Namespaces, NO_NAMESPACES, readDeclaredPrefix, resolveName } from './namespaces.ts';
import { HTML_CHARACTERS, toJsonNarrative } from './narrative-xml.ts';
import { ResourceBuilder } from './resource-builder.ts';

const SCHEMA_INSTANCE_NAMESPACE = 'http://www.w3.org/2001/XMLSchema-instance';
const ENCODINGS = new Set(['utf-8', 'us-ascii']);

/** https://www.w3.org/TR/xml/#NT-S */
const NOT_SPACE = /[^ \t\r\n]/;

/** In characters. Between two pieces of a document, waiting requests are handled. */
const PIECE = 256 * 1024;

/** Parses the XML of a resource into JSON. Anything but well-formed XML of a resource in FHIR's namespace is refused (400 structure). */
export async function parseXml(text: string, piece = PIECE): Promise<ParsedJson> {
  const { resource, hasExactNumbers } = await new DocumentReader(text).read(piece);
  return { plain: hasExactNumbers ? toPlainJson(resource) : resource, exact: resource };
}

class DocumentReader {
  private readonly text: string;
  private readonly parser = new SaxesParser({ xmlns: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  private readonly builder = new ResourceBuilder(() => `line ${this.parser.line}, column ${this.parser.column}`);
  /** The characters that XML itself names. In a narrative, HTML's are read too. */
  private readonly xmlCharacters = this.parser.ENTITIES;
  /** The namespaces of each open element. */
  private readonly scopes: Namespaces[] = [NO_NAMESPACES];
  /** The narrative that is being read: where its tag begins, and the number of open elements around it. */
  private narrative: { start: number; outside: number } | undefined;

  constructor(text: string) {
    this.text = text;
  }

  async read(piece: number): Promise<ResourceBuilder> {
    this.addHandlers();
    const { parser, builder, text } = this;
    for (let at = 0; at < text.length; at += piece) {
      if (at > 0) await setImmediate();
      parser.write(text.slice(at, at + piece));
    }
    parser.close();
    return builder;
  }

  private addHandlers(): void {
    const { parser, builder } = this;
    parser.on('error', ({ message }) => builder.failDocument(describeFault(message)));
    parser.on('xmldecl', ({ encoding }) => {
      if (encoding !== undefined && !ENCODINGS.has(encoding.toLowerCase()))
        builder.failDocument('send XML in UTF-8, and declare no other encoding');
    });
    parser.on('doctype', () => builder.failDocument('a document type declaration is not allowed: leave it out'));
    parser.on('processinginstruction', () => builder.failDocument('a processing instruction is not allowed: leave it out'));
    parser.on('text', (text) => this.checkText(text));
    parser.on('cdata', (text) => this.checkText(text));
    parser.on('opentag', (tag) => this.openTag(tag));
    parser.on('closetag', () => this.closeTag());
  }

  private openTag({ name, attributes }: SaxesTagPlain): void {
    const { builder, scopes } = this;
    const scope = declareNamespaces(scopes.at(-1)!, attributes);
    scopes.push(scope);
    if (scopes.length > DEEPEST) builder.failDocument(`the body is nested more than ${DEEPEST} levels deep`);
    const { namespace, local } = resolveName(name, scope);
    if (this.narrative) return void this.expectNamespace(namespace, XHTML_NAMESPACE);
    const isNarrative = builder.openElement(local);
    this.expectNamespace(namespace, isNarrative ? XHTML_NAMESPACE : FHIR_NAMESPACE);
    // no attribute of well-formed XML contains "<"
    if (!isNarrative) return void this.readAttributes(attributes, scope);
    this.narrative = { start: this.text.lastIndexOf('<', this.parser.position - 1), outside: scopes.length - 1 };
    this.parser.ENTITIES = HTML_CHARACTERS;
  }

  private readAttributes(attributes: Readonly<Record<string, string>>, scope: Namespaces): void {
    const { builder } = this;
    for (const attribute in attributes) if (isFhirAttribute(attribute, scope)) builder.setAttribute(attribute, attributes[attribute]!);
  }

  private closeTag(): void {
    const { builder, narrative, scopes } = this;
    scopes.pop();
    if (narrative) {
      if (scopes.length > narrative.outside) return;
      builder.setNarrative(toJsonNarrative(this.text.slice(narrative.start, this.parser.position)));
      this.narrative = undefined;
      this.parser.ENTITIES = this.xmlCharacters;
    }
    builder.closeElement();
  }

  private checkText(text: string): void {
    if (!this.narrative && NOT_SPACE.test(text)) this.builder.fail('text is not allowed between elements: a value is written as value="…"');
  }

  private expectNamespace(namespace: string | undefined, expected: string): void {
    if (namespace !== expected) this.builder.fail(`the elements here are in the namespace ${expected}: declare it with xmlns`);
  }
}

/** Not of FHIR are declarations of namespaces, and the hints that name a schema, which have no meaning for FHIR. */
const isFhirAttribute = (name: string, scope: Namespaces): boolean =>
  readDeclaredPrefix(name) === undefined && !(name.includes(':') && isSchemaHint(name, scope));

/** https://www.w3.org/TR/xmlschema-1/#xsi_schemaLocation */
function isSchemaHint(attribute: string, scope: Namespaces): boolean {
  const { namespace, local } = resolveName(attribute, scope);
  return namespace === SCHEMA_INSTANCE_NAMESPACE && local === 'schemaLocation';
}

/** The parser's message (`3:7: unclosed tag: name`) without the position, and without names from the document. */
function describeFault(message: string): string {
  const [fault = ''] = message.replace(/^\d+:\d+: /, '').split(':');
  const isEntity = fault.startsWith('undefined entity');
  // XML has no named characters of HTML; they are read in a narrative only
  const remedy = isEntity ? ': write the character itself, or its number such as &#160;' : '';
  return `the body is not well-formed XML: ${fault.replace(/\.$/, '')}${remedy}`;
}
