// JSON as rows, one for each element, as it is indented in a text.
import { toChildPath } from '../../../json-changes/child-path.ts';
import { isJsonObject, type Json, JsonNumber } from '../../api/exact-json.ts';

export interface Row {
  path: string;
  depth: number;
  /** The name of a member. */
  name?: string;
  /** The value, or the mark that opens an object or a list. */
  text: string;
  kind: 'string' | 'number' | 'word' | 'mark';
  /** Whether the row only closes an object or a list. */
  isEnd?: true;
}

/** The members of an object, without its own marks. */
export const listRows = (value: Json): Row[] => (isJsonObject(value) ? listMembers(value, '', 0) : listValue(value, '', 0));

const listMembers = (value: { [name: string]: Json }, path: string, depth: number): Row[] =>
  Object.entries(value).flatMap(([name, member]) => listValue(member, toChildPath(path, name), depth, name));

function listValue(value: Json, path: string, depth: number, name?: string): Row[] {
  const own = { path, depth, ...(name !== undefined && { name }) };
  if (!Array.isArray(value) && !isJsonObject(value)) return [{ ...own, ...describe(value) }];
  const marks = Array.isArray(value) ? '[]' : '{}';
  const inner = Array.isArray(value)
    ? value.flatMap((item, at) => listValue(item, toChildPath(path, at), depth + 1))
    : listMembers(value, path, depth + 1);
  if (inner.length === 0) return [{ ...own, text: marks, kind: 'mark' }];
  return [{ ...own, text: marks[0]!, kind: 'mark' }, ...inner, { path, depth, text: marks[1]!, kind: 'mark', isEnd: true }];
}

function describe(value: string | boolean | null | JsonNumber): Pick<Row, 'text' | 'kind'> {
  if (value instanceof JsonNumber) return { text: value.text, kind: 'number' };
  return typeof value === 'string' ? { text: JSON.stringify(value), kind: 'string' } : { text: String(value), kind: 'word' };
}
