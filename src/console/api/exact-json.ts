// JSON whose numbers keep their digits (1.00 stays 1.00: https://hl7.org/fhir/R4/datatypes.html#decimal), and the places of its elements in its text.

import { toChildPath } from '../../json-changes/child-path.ts';

/** Parses a text for reading only. A number whose digits JavaScript would change is the text of its digits; browsers that do not give the digits give the number. */
export const parseDigits = (text: string): unknown =>
  JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && context.source !== String(value) ? context.source : value,
  );

/** A number as it is written. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json = string | boolean | null | JsonNumber | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

/** A part of a text: of an element with its name. */
export interface Place {
  from: number;
  to: number;
}

interface Parsed {
  value: Json;
  /** The path of each element (`name[0].given[1]`, '' for all) → its place. */
  places: Map<string, Place>;
  /** The members whose name occurs a second time in their object: the server refuses them. */
  repeated: (Place & { name: string })[];
}

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber);

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;

/** Throws a SyntaxError for a text that is not JSON. */
export function parseExact(text: string): Parsed {
  JSON.parse(text);
  const reader = new Reader(text);
  return { value: reader.readValue(''), places: reader.places, repeated: reader.repeated };
}

/** Reads the tokens of a text that is JSON. */
class Reader {
  readonly places: Parsed['places'] = new Map();
  readonly repeated: Parsed['repeated'] = [];
  readonly #tokens: RegExpExecArray[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = [...text.matchAll(TOKEN)];
  }

  /** `from`: where its name begins, for a member of an object. */
  readValue(path: string, from = this.#tokens[this.#at]!.index): Json {
    // the places are in the order of the text
    this.places.set(path, { from, to: from });
    const value = this.#readContent(path);
    const last = this.#tokens[this.#at - 1]!;
    this.places.set(path, { from, to: last.index + last[0].length });
    return value;
  }

  #readContent(path: string): Json {
    const token = this.#next();
    if (token === '{') return Object.fromEntries(this.#readMembers(path));
    if (token === '[') return this.#readItems(path);
    if (token.startsWith('"')) return JSON.parse(token);
    return /^[-\d]/.test(token) ? new JsonNumber(token) : JSON.parse(token);
  }

  #readMembers(path: string): [string, Json][] {
    const members: [string, Json][] = [];
    while (this.#peek() !== '}') {
      if (this.#peek() === ',') this.#at++;
      const from = this.#tokens[this.#at]!.index;
      const name: string = JSON.parse(this.#next());
      this.#at++;
      if (members.some(([other]) => other === name)) this.repeated.push({ name, from, to: from + name.length + 2 });
      members.push([name, this.readValue(toChildPath(path, name), from)]);
    }
    this.#at++;
    return members;
  }

  #readItems(path: string): Json[] {
    const items: Json[] = [];
    while (this.#peek() !== ']') {
      if (this.#peek() === ',') this.#at++;
      items.push(this.readValue(toChildPath(path, items.length)));
    }
    this.#at++;
    return items;
  }

  #peek = (): string => this.#tokens[this.#at]![0];
  #next = (): string => this.#tokens[this.#at++]![0];
}

/** The text of a value, with two spaces for each level. */
export function formatExact(value: Json, indent = ''): string {
  if (value instanceof JsonNumber) return value.text;
  const inner = `${indent}  `;
  if (Array.isArray(value))
    return wrap(
      '[]',
      value.map((item) => inner + formatExact(item, inner)),
      indent,
    );
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${inner}${JSON.stringify(name)}: ${formatExact(member, inner)}`);
  return wrap('{}', members, indent);
}

const wrap = (marks: string, lines: string[], indent: string): string =>
  lines.length === 0 ? marks : `${marks[0]}\n${lines.join(',\n')}\n${indent}${marks[1]}`;

/** Whether two values are the same; 1.0 and 1.00 are not. The order of members does not count. */
export function isSame(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (one instanceof JsonNumber) return other instanceof JsonNumber && one.text === other.text;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  if (!isJsonObject(one) || !isJsonObject(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]));
}

/** The innermost element around a path that the text has. Validation may name an element that is missing. */
export function findPlace(places: ReadonlyMap<string, Place>, path: string): Place {
  let wanted = path;
  while (wanted !== '' && !places.has(wanted)) wanted = wanted.replace(/(?:\.[^.[\]]*|\[\d+\]|^[^.[\]]+)$/, '');
  return places.get(wanted) ?? { from: 0, to: 1 };
}

/** The line of a position, from 1. */
export const toLine = (text: string, position: number): number => text.slice(0, position).split('\n').length;
