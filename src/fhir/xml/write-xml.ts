// Writes a resource as XML, by the facts of the definitions. https://hl7.org/fhir/R4/xml.html
import { setImmediate } from 'node:timers/promises';
import { type ElementInfo, findElement, isPrimitive, isResourceType } from '../elements.ts';
import { isObject } from '../json-values.ts';
import { isResource } from '../types.ts';
import { escapeAttribute, FHIR_NAMESPACE } from './characters.ts';
import { toXmlNarrative } from './narrative-xml.ts';

type Json = Record<string, unknown>;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/** In characters. Between two pieces of a document, waiting requests are handled. */
const PIECE = 256 * 1024;

/** The XML document of a resource. `resource`: JSON with exact digits (json.ts). `isPretty`: each element has a line of its own. */
export function writeXml(resource: unknown, isPretty = false): string {
  return [...new Writer(isPretty).writeDocument(resource)].join('');
}

/** The same, in pieces. A piece ends with an element of the resource, for example with an entry of a Bundle. */
export async function writeXmlInPieces(resource: unknown, isPretty: boolean, piece = PIECE): Promise<string> {
  const parts: string[] = [];
  let size = 0;
  for (const part of new Writer(isPretty).writeDocument(resource)) {
    if (size > piece) {
      await setImmediate();
      size = 0;
    }
    parts.push(part);
    size += part.length;
  }
  return parts.join('');
}

class Writer {
  private readonly isPretty: boolean;

  constructor(isPretty: boolean) {
    this.isPretty = isPretty;
  }

  *writeDocument(resource: unknown): Generator<string> {
    if (!isResource(resource)) throw new Error('a response body is a resource');
    const { resourceType } = resource;
    yield `${DECLARATION}${this.startLine(0)}<${resourceType} xmlns="${FHIR_NAMESPACE}">`;
    yield* this.writeElements(resource, resourceType, 1);
    yield `${this.startLine(0)}</${resourceType}>`;
  }

  private writeResource(resource: unknown, level: number): string {
    if (!isResource(resource)) throw new Error('an element that contains a resource has a resource type');
    const { resourceType } = resource;
    return this.writeTag(resourceType, { attributes: '', content: this.writeContent(resource, resourceType, level + 1), level });
  }

  private writeContent(json: Json, type: string, level: number): string {
    let xml = '';
    for (const element of this.writeElements(json, type, level)) xml += element;
    return xml;
  }

  /** Each element of an object. */
  private *writeElements(json: Json, type: string, level: number): Generator<string> {
    for (const { name, facts } of listInOrder(json, type)) {
      if (facts.attribute) continue;
      const [values, siblings] = [json[name], json[`_${name}`]];
      if (!facts.list) yield this.writeElement(name, facts, { value: values, sibling: siblings, level });
      else {
        const length = Math.max(countItems(values), countItems(siblings));
        for (let at = 0; at < length; at++)
          yield this.writeElement(name, facts, { value: readItem(values, at), sibling: readItem(siblings, at), level });
      }
    }
  }

  private writeElement(name: string, { types }: ElementInfo, { value, sibling, level }: Written): string {
    const type = types[0]!;
    if (type === 'xhtml') return this.startLine(level) + toXmlNarrative(String(value));
    if (isResourceType(type)) return this.writeTag(name, { attributes: '', content: this.writeResource(value, level + 1), level });
    if (!isPrimitive(type)) return this.writeObject(name, type, value, level);
    const own = value === undefined || value === null ? '' : ` value="${escapeAttribute(formatPrimitive(value))}"`;
    return isObject(sibling) ? this.writeObject(name, 'Element', sibling, level, own) : this.writeTag(name, { attributes: own, level });
  }

  private writeObject(name: string, type: string, value: unknown, level: number, own = ''): string {
    if (!isObject(value)) throw new Error('an element of a datatype is an object');
    const content = this.writeContent(value, type, level + 1);
    return this.writeTag(name, { attributes: writeAttributes(value, type) + own, content, level });
  }

  private writeTag(name: string, { attributes, content = '', level }: { attributes: string; content?: string; level: number }): string {
    const start = this.startLine(level);
    return content === ''
      ? `${start}<${name}${attributes}/>`
      : `${start}<${name}${attributes}>${content}${this.startLine(level)}</${name}>`;
  }

  private startLine(level: number): string {
    return this.isPretty ? `\n${'  '.repeat(level)}` : '';
  }
}

/** One element: the value of JSON, and the sibling with the id and extensions of a primitive. */
interface Written {
  value: unknown;
  sibling: unknown;
  level: number;
}

/** The elements of an object in the order of the definition. A primitive and its sibling are one element. */
function listInOrder(json: Json, type: string): NamedElement[] {
  const elements: NamedElement[] = [];
  let isInOrder = true;
  for (const key in json) {
    const name = key.startsWith('_') ? key.slice(1) : key;
    if (name !== key && name in json) continue;
    // ExampleScenario.instance has an element of this name
    if (name === 'resourceType' && isResourceType(type)) continue;
    const facts = findKnownElement(type, name);
    const last = elements.at(-1);
    isInOrder &&= last === undefined || last.facts.order <= facts.order;
    elements.push({ name, facts });
  }
  return isInOrder ? elements : elements.sort((a, b) => a.facts.order - b.facts.order);
}

interface NamedElement {
  name: string;
  facts: ElementInfo;
}

function findKnownElement(type: string, name: string): ElementInfo {
  const facts = findElement(type, name);
  if (!facts) throw new Error(`${type} has an element that the definitions do not list`);
  return facts;
}

/** The attributes of an element: its id, and the url of an extension. */
function writeAttributes(json: Json, type: string): string {
  let xml = '';
  for (const name of ['id', 'url']) {
    const value = json[name];
    if (typeof value === 'string' && findElement(type, name)?.attribute) xml += ` ${name}="${escapeAttribute(value)}"`;
  }
  return xml;
}

const countItems = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
const readItem = (list: unknown, at: number): unknown => (Array.isArray(list) ? list[at] : undefined);

/** The value of a primitive. A decimal has the digits that it was written with. */
const formatPrimitive = (value: unknown): string => (JSON.isRawJSON(value) ? value.rawJSON : String(value));
