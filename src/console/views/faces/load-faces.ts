// Reads a resource and its faces.

import { parseExact } from '../../api/exact-json.ts';
import { readFaces } from '../../api/faces.ts';
import { buildFaces, type Faces } from '../../api/faces-data.ts';
import type { ReadOptions } from '../../api/request.ts';

export async function loadFaces(type: string, id: string, options?: ReadOptions): Promise<Faces> {
  const { body, text } = await readFaces(type, id, options);
  return buildFaces(type, id, body, parseExact(text).value);
}
