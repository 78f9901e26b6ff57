// create: https://hl7.org/fhir/R4/http.html#create, conditional create: #ccreate

import { conflict } from '../fhir/outcome.ts';
import type { ServedType } from '../fhir/types.ts';
import { lockAndFindMatch } from './conditional-match.ts';
import type { Context, Draft, WriteResult } from './context.ts';
import { localizeReferences } from './local-references.ts';
import { writeResource } from './write.ts';

interface CreateRequest {
  type: ServedType;
  draft: Draft;
  /** Criteria of a conditional create (`If-None-Exist`). If one resource matches, it is returned. If several match: 412. */
  ifNoneExist?: string;
  /** An id that the server has chosen before. Default: a new id. An id in the client's resource is ignored. */
  id?: string;
}

/** Stores a new resource, or returns the resource that meets the criteria. */
export async function create(context: Context, request: CreateRequest): Promise<WriteResult> {
  const { ifNoneExist } = request;
  if (ifNoneExist === undefined) return insert(context, request);
  return context.store.transaction(async (store) => {
    const inside = { ...context, store };
    const match = await lockAndFindMatch(inside, request.type, ifNoneExist);
    return match ? { row: match, outcome: 'unchanged' } : insert(inside, request);
  });
}

async function insert(context: Context, { type, draft, id = context.newId() }: CreateRequest): Promise<WriteResult> {
  const written = await writeResource(context, { type, id, method: 'POST', draft: localizeReferences(context, draft) });
  if (!written) throw conflict('the id chosen for this resource is already in use');
  return { ...written, outcome: 'created' };
}
