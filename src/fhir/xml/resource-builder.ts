// Builds the JSON of a resource from the elements and attributes of its XML, by the facts of the definitions. https://hl7.org/fhir/R4/xml.html
import { formatSuggestion } from '../closest-name.ts';
import { type ElementInfo, findElement, isPrimitive, isResourceType, listElementNames } from '../elements.ts';
import { DEEPEST } from '../json.ts';
import { ERROR_KINDS, FhirError, invalidStructure, issue } from '../outcome.ts';

type Json = Record<string, unknown>;

/** An open element. `type`: the type whose elements it may have (`Element` inside a primitive). Undefined: it contains a resource. */
interface OpenElement {
  name: string;
  facts: ElementInfo | undefined;
  type: string | undefined;
  json: Json;
  /** The value of a primitive, or the resource in the element. */
  value?: unknown;
  /** The number of levels of the JSON above it. */
  depth: number;
  /** Its position in a list. */
  index: number;
  /** The last child, and how many of its name there are in sequence. */
  child?: { name: string; order: number; count: number };
}

/** A fault of the resource in a well-formed document. $validate reports it, and all other requests are refused (400). */
export class ResourceFault extends FhirError {
  constructor(text: string, where: string | undefined) {
    super('structure', [issue(ERROR_KINDS.structure.code, text, where)]);
  }
}

export class ResourceBuilder {
  private readonly open: OpenElement[] = [];
  private readonly describePosition: () => string;
  /** The resource, after its element was closed. */
  resource: Json | undefined;
  /** Whether a number has digits that JavaScript would change. */
  hasExactNumbers = false;

  /** `describePosition`: the place in the document, for errors. */
  constructor(describePosition: () => string) {
    this.describePosition = describePosition;
  }

  /** Opens an element. Returns whether it is the XHTML of a narrative. */
  openElement(name: string): boolean {
    const parent = this.open.at(-1);
    const element = parent?.type === undefined ? this.openResource(name, parent) : this.openChild(name, parent, parent.type);
    this.open.push(element);
    if (element.depth > DEEPEST) this.failDocument(`the body is nested more than ${DEEPEST} levels deep`);
    return element.facts?.types[0] === 'xhtml';
  }

  /** An attribute of the open element. */
  setAttribute(name: string, text: string): void {
    const element = this.open.at(-1)!;
    const { facts, type, json } = element;
    const primitive = facts?.types[0];
    const isValue = name === 'value' && primitive !== undefined && isPrimitive(primitive);
    if (!isValue && (type === undefined || !findElement(type, name)?.attribute))
      this.fail(`there is an attribute here that R4 does not define${showName(name, ': ')}`);
    // "Attributes can never be empty": https://hl7.org/fhir/R4/xml.html. White space alone is accepted, as it is in JSON, so that every response can be sent back.
    if (text === '') this.fail('an attribute must not be empty: give it a value, or leave it out');
    if (!isValue) json[name] = text;
    else element.value = this.toJsonValue(text, primitive);
  }

  /** The XHTML of the open element. */
  setNarrative(xhtml: string): void {
    this.open.at(-1)!.value = xhtml;
  }

  closeElement(): void {
    const element = this.open.at(-1)!;
    const { facts, json, value } = element;
    // "FHIR elements are never empty": https://hl7.org/fhir/R4/xml.html
    if (facts && value === undefined && Object.keys(json).length === 0)
      this.fail('an element must not be empty: give it a value or content, or leave it out');
    this.open.pop();
    const parent = this.open.at(-1);
    if (!parent) this.resource = json;
    else if (!facts) parent.value = json;
    else addToParent(parent.json, element);
  }

  /** Refuses the resource. The error names the open element and never a value. `below`: the end of the path, for an element that is not open. */
  fail(text: string, below = ''): never {
    throw new ResourceFault(this.addPosition(text), this.formatPath() + below || undefined);
  }

  /** Refuses the document (400). */
  failDocument(text: string): never {
    throw invalidStructure(this.addPosition(text), this.formatPath() || undefined);
  }

  private addPosition(text: string): string {
    return `${text} (${this.describePosition()})`;
  }

  private openResource(name: string, parent: OpenElement | undefined): OpenElement {
    if (!isResourceType(name)) this.fail('a resource is expected here, and this server knows no resource type of this name');
    if (parent?.value !== undefined) this.fail('the element may contain one resource only');
    return { name, facts: undefined, type: name, json: { resourceType: name }, depth: parent ? parent.depth : 0, index: 0 };
  }

  private openChild(name: string, parent: OpenElement, type: string): OpenElement {
    const facts = /^_|\[x\]$/.test(name) ? undefined : findElement(type, name);
    if (!facts || facts.attribute)
      this.fail(`there is an element here that R4 does not define${this.suggestName(name, type)}`, showName(name, '.'));
    const count = this.countInOrder(name, facts, parent);
    const childType = facts.types[0]!;
    return {
      name,
      facts,
      type: isResourceType(childType) ? undefined : isPrimitive(childType) ? 'Element' : childType,
      json: {},
      depth: parent.depth + (facts.list ? 2 : 1),
      index: count - 1,
    };
  }

  /** "Elements must always appear in the order documented": https://hl7.org/fhir/R4/xml.html. The first of a name is 1. */
  private countInOrder(name: string, { order, list, choice }: ElementInfo, parent: OpenElement): number {
    const last = parent.child;
    const isRepeated = last?.name === name;
    if (last && order === last.order && !(isRepeated && list)) this.fail(`${choice ?? name} may occur only once`);
    if (last && order < last.order) this.fail(`the elements are not in the order of R4: ${name} comes before ${last.name}`);
    const count = isRepeated ? last.count + 1 : 1;
    parent.child = { name, order, count };
    return count;
  }

  /** A boolean or number of JSON. A text that is none stays a text, which validation refuses as it refuses the same JSON. */
  private toJsonValue(text: string, type: string): unknown {
    if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
    if (!NUMBERS.has(type)) return text;
    // R4 allows a plus sign before whole numbers, JSON does not: https://hl7.org/fhir/R4/datatypes.html#integer
    const digits = type === 'decimal' ? text : text.replace(/^\+(?=[1-9])/, '');
    if (!JSON_NUMBER.test(digits)) return text;
    if (String(Number(digits)) === digits) return Number(digits);
    this.hasExactNumbers = true;
    return JSON.rawJSON(digits);
  }

  private suggestName(name: string, type: string): string {
    return formatSuggestion(
      name,
      listElementNames(type).filter((known) => !findElement(type, known)?.attribute),
    );
  }

  /** The FHIRPath of the open element: `Patient.name[0].given[1]`. A resource in another one has the path of the element that it is in. */
  private formatPath(): string {
    return this.open.map(formatStep).join('');
  }
}

/** The step of an element in a path. A choice has its FHIRPath name, without the type. */
function formatStep({ name, facts, index }: OpenElement, at: number): string {
  if (!facts) return at === 0 ? name : '';
  return `.${facts.choice?.replace('[x]', '') ?? name}${facts.list ? `[${index}]` : ''}`;
}

const NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/** A name of the document for an error text. A name that no element can have is not shown, because it may be patient data. */
const showName = (name: string, before: string): string => (NAME.test(name) ? before + name : '');

const NUMBERS = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt']);
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Adds a closed element. The id and extensions of a primitive go into its sibling. https://hl7.org/fhir/R4/json.html#primitive */
function addToParent(parent: Json, element: OpenElement): void {
  const { name, type, json, value } = element;
  if (type === undefined) addValue(parent, element, name, value);
  else if (type !== 'Element') addValue(parent, element, name, json);
  else {
    addValue(parent, element, name, value);
    addValue(parent, element, `_${name}`, Object.keys(json).length ? json : undefined);
  }
}

/** Sets a value, or appends it to a list. A list of primitives has null where a member has no value. */
function addValue(parent: Json, { facts, index }: OpenElement, name: string, value: unknown): void {
  const existing = parent[name];
  if (!facts?.list) {
    if (value !== undefined) parent[name] = value;
  } else if (Array.isArray(existing)) existing.push(value ?? null);
  else if (value !== undefined) parent[name] = [...new Array(index).fill(null), value];
}
