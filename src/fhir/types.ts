// The served resource types. Routes, validation, search and the CapabilityStatement are derived from this table.
// A new type is one more line. The number is stored in the database (`rtype`), so a number must never be changed or reused.

import type { Meta } from '@medplum/fhirtypes';
import { readMember } from './json-values.ts';

/** Served type → its number in the database. https://hl7.org/fhir/R4/resourcelist.html */
export const TYPE_NUMBERS = {
  Patient: 1,
  Practitioner: 2,
  PractitionerRole: 3,
  ServiceRequest: 4,
  Organization: 5,
  Location: 6,
  HealthcareService: 7,
  Endpoint: 8,
  Schedule: 9,
  Slot: 10,
  Task: 11,
  DiagnosticReport: 12,
  Observation: 13,
  Specimen: 14,
  Condition: 15,
  RelatedPerson: 16,
  Encounter: 17,
  Coverage: 18,
  Consent: 19,
  Provenance: 20,
  Group: 21,
  List: 22,
  QuestionnaireResponse: 23,
  Binary: 24,
  Subscription: 25,
  CareTeam: 26,
  ActivityDefinition: 27,
} as const;

export type ServedType = keyof typeof TYPE_NUMBERS;

export const isServed = (type: string): type is ServedType => Object.hasOwn(TYPE_NUMBERS, type);

export const SERVED_TYPES = Object.keys(TYPE_NUMBERS).filter(isServed);

const TYPES_BY_NUMBER = new Map<number, ServedType>(SERVED_TYPES.map((type) => [TYPE_NUMBERS[type], type]));

/** The type of a number in the database. */
export const findTypeByNumber = (rtype: number): ServedType => TYPES_BY_NUMBER.get(rtype)!;

/** A resource as parsed JSON. Generic code reads its elements by paths and generated facts, not by per-type classes. */
export interface Resource {
  resourceType: string;
  id?: string;
  meta?: Meta;
  [element: string]: unknown;
}

/** Whether a value is a resource: an object that names its type. */
export const isResource = (value: unknown): value is Resource => typeof readMember(value, 'resourceType') === 'string';

/** A resource with JavaScript numbers and with exact digits (json.ts). */
export interface ParsedResource {
  plain: Resource;
  exact: Resource;
}

/** A JSON object that a client sent as a resource. The assertion: its content is validated before it is stored. */
export const toParsedResource = ({ plain, exact }: { plain: unknown; exact: unknown }): ParsedResource =>
  ({ plain, exact }) as ParsedResource;

/** https://hl7.org/fhir/R4/datatypes.html#id */
export const ID_PATTERN = /^[A-Za-z0-9\-.]{1,64}$/;
