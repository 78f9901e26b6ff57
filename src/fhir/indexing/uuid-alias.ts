// UUID aliases: vendors' APIs show UUIDs, but FHIR clients may choose any id.
import { v5 } from 'uuid';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The namespace of the version 5 UUIDs. It must never change. */
const NAMESPACE = '6f0f5c5e-6a0e-5d0b-9f3a-3c1b7c0a9d42';

/** Whether an id is a UUID in lower case, which needs no alias. */
export const isUuid = (id: string): boolean => UUID.test(id);

/** The id if it is a UUID, otherwise the version 5 UUID of tenant, type and id. */
export const toUuidAlias = (tenant: number, type: string, id: string): string =>
  isUuid(id) ? id : v5(`${tenant}/${type}/${id}`, NAMESPACE);
