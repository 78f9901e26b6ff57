// The merge patch that turns an item as it is shown into an edited one. https://www.rfc-editor.org/rfc/rfc7396
import { isDeepStrictEqual } from 'node:util';
import { isContainer } from '../fhir/json-tree.ts';
import { toRecord } from '../fhir/json-values.ts';

type Json = Record<string, unknown>;

/** `isDeep`: objects inside the item are merged, too; otherwise they are replaced. */
export function buildMergePatch(shown: Json, edited: Json, isDeep: boolean): Json {
  const changed = Object.keys({ ...shown, ...edited }).filter((name) => !isDeepStrictEqual(shown[name], edited[name]));
  return Object.fromEntries(changed.map((name) => [name, buildMember(shown[name], edited[name], isDeep)]));
}

function buildMember(shown: unknown, edited: unknown, isDeep: boolean): unknown {
  if (edited === undefined) return null;
  return isDeep && isObject(shown) && isObject(edited) ? buildMergePatch(toRecord(shown), toRecord(edited), isDeep) : edited;
}

const isObject = (value: unknown): boolean => isContainer(value) && !Array.isArray(value);
