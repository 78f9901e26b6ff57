// Reads a resource and its faces.

import { parseExact } from '../../api/exact-json.ts';
import { readFaces } from '../../api/faces.ts';
import { buildFaces, type Faces } from './faces-data.ts';

export async function loadFaces(type: string, id: string, signal?: AbortSignal): Promise<Faces> {
  const { body, text } = await readFaces(type, id, signal);
  return buildFaces(type, id, body, parseExact(text).value);
}
