// Reads the generated definitions: the JSON Schemas of the served types, and the names of all R4 resource types.
import { readFileSync } from 'node:fs';

/** A JSON Schema (draft 7) with the keywords of schema-rules.ts. */
export type Schema = Record<string, unknown>;

interface Definitions {
  resourceTypes: string[];
  schema: { $id: string; $defs: Record<string, Schema> };
}

const GENERATED_SCHEMAS: Definitions = JSON.parse(readFileSync(new URL('./generated/schemas.json', import.meta.url), 'utf8'));
const RESOURCE_TYPES = new Set(GENERATED_SCHEMAS.resourceTypes);

/** One document with each type and backbone element in `$defs`, by its name (`Patient`, `Patient.contact`). */
export const R4_SCHEMA = GENERATED_SCHEMAS.schema;

/** Whether a name is a resource type of R4, served or not. https://hl7.org/fhir/R4/resourcelist.html */
export const isResourceType = (name: string): boolean => RESOURCE_TYPES.has(name);
