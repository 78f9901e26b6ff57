// Collects the resources and patients of one request.
import type { AccessedRow } from '../store/database/database.ts';

/** The most resources, and the most patients, that one event lists. The number of those beyond it is recorded. */
const MAX_LISTED = 500;

/** `patients`: first those that were read or written, then those that resources refer to. `entities`: the other resources. */
export interface AccessList {
  add(row: AccessedRow): void;
  list(): { entities: string[]; patients: string[]; omitted?: number };
}

const OWN_ID = /"id":"([A-Za-z0-9\-.]{1,64})"/;
const PATIENT_REFERENCE = /"reference":"Patient\/([A-Za-z0-9\-.]{1,64})(?=["/])/g;

/** A part of a text keeps the whole text in memory. An event waits with its references, and not with the resources that they were found in. */
const copy = (part: string): string => Buffer.from(part).toString();

export function createAccessList(): AccessList {
  const entities = new Set<string>();
  const read = new Set<string>();
  const referred = new Set<string>();
  let omitted = 0;
  const add = (to: Set<string>, reference: string): void => {
    if (to.has(reference)) return;
    if (to.size < MAX_LISTED) to.add(copy(reference));
    else omitted++;
  };
  return {
    add({ type, id, body }) {
      const own = id ?? (body === null ? undefined : OWN_ID.exec(body)?.[1]);
      if (own !== undefined) add(type === 'Patient' ? read : entities, `${type}/${own}`);
      if (type !== 'Patient' && body?.includes('"Patient/'))
        for (const [, patient] of body.matchAll(PATIENT_REFERENCE)) add(referred, `Patient/${patient}`);
    },
    list() {
      const patients = [...new Set([...read, ...referred])];
      const beyond = omitted + Math.max(0, patients.length - MAX_LISTED);
      return { entities: [...entities], patients: patients.slice(0, MAX_LISTED), ...(beyond && { omitted: beyond }) };
    },
  };
}
