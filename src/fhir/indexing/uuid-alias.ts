// The UUID that stands for an id which is none: vendors' documents promise UUIDs, FHIR clients may choose any id.
import { v5 } from 'uuid';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The namespace of these names, minted once for this project. */
const NAMESPACE = '6f0f5c5e-6a0e-5d0b-9f3a-3c1b7c0a9d42';

/** Whether an id is a UUID in its canonical, lower-case form: such an id is shown as it is. */
export const isUuid = (id: string): boolean => UUID.test(id);

/** The id itself when it is a UUID; otherwise a version 5 UUID of tenant, type and id. */
export const toUuidAlias = (tenant: number, type: string, id: string): string =>
  isUuid(id) ? id : v5(`${tenant}/${type}/${id}`, NAMESPACE);
