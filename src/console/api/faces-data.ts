// A resource and its faces as the page uses them.

import { isJsonObject, type Json, type JsonObject } from './exact-json.ts';
import type { FaceBody, FaceField, FacesBody } from './faces-body.ts';

/** A view of one surface. Without `view` the credential lacks the scopes in `needs`. */
export interface Face {
  /** Surface, shape and item in one text. */
  key: string;
  surface: string;
  shape: string;
  /** The path of an item in the vendor's API. */
  path: string;
  item?: string | undefined;
  /** Whether the vendor's API can change it. */
  isEditable: boolean;
  view?: JsonObject;
  fields: FaceField[];
  needs: string[];
}

export interface Faces {
  type: string;
  id: string;
  version: string;
  resource: JsonObject;
  faces: Face[];
  unshown: string[];
}

export const toFaceKey = (surface: string, shape: string, item = ''): string => [surface, shape, item].filter(Boolean).join('/');

/** `exact`: the body with the digits of its numbers. */
export function buildFaces(type: string, id: string, body: FacesBody, exact: Json): Faces {
  const exactFaces = readObject(exact, 'faces');
  const faces = Object.entries(body.faces).flatMap(([surface, list]) =>
    list.map((face, at) => buildFace(surface, face, (exactFaces[surface] as Json[])[at])),
  );
  return { type, id, version: body.version, resource: readObject(exact, 'resource'), faces, unshown: body.unshown };
}

function buildFace(surface: string, { shape, path, item, change, view, fields = [], needs = [] }: FaceBody, exact: Json | undefined): Face {
  const face = { key: toFaceKey(surface, shape, item), surface, shape, path, item, isEditable: change !== undefined, fields, needs };
  return view === undefined ? face : { ...face, view: readObject(exact, 'view') };
}

/** A member that is an object; else an empty object. */
export function readObject(value: Json | undefined, name: string): JsonObject {
  const member = isJsonObject(value) ? value[name] : undefined;
  return isJsonObject(member) ? member : {};
}

/** The surfaces in the order of the server. A surface's most useful face is first: one that can be changed, then the one with the most fields. */
export function groupBySurface(faces: Face[]): { surface: string; faces: Face[] }[] {
  const groups = Map.groupBy(faces, ({ surface }) => surface);
  const rank = ({ isEditable, fields }: Face): number => (isEditable ? 10_000 : 0) + fields.length;
  return [...groups].map(([surface, own]) => ({ surface, faces: own.sort((one, other) => rank(other) - rank(one)) }));
}
