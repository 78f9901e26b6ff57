// Which type a node is of, as `is`, `as` and `ofType` ask. https://hl7.org/fhirpath/N1/#types, https://hl7.org/fhir/R4/fhirpath.html#types

import { findElement } from '../elements.ts';
import { readMember } from '../json-values.ts';
import type { FhirPathNode } from './node.ts';

/** Type → the one it is a kind of. https://hl7.org/fhir/R4/datatypes.html */
const SUPERTYPES: Readonly<Record<string, string>> = {
  code: 'string',
  id: 'string',
  markdown: 'string',
  url: 'uri',
  canonical: 'uri',
  uuid: 'uri',
  oid: 'uri',
  positiveInt: 'integer',
  unsignedInt: 'integer',
  Age: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
  Duration: 'Quantity',
  SimpleQuantity: 'Quantity',
};

/** A type of FHIRPath's own stands for the FHIR primitives of that name: authors of constraints mean these. */
const SYSTEM_TYPES: Readonly<Record<string, string>> = {
  String: 'string',
  Boolean: 'boolean',
  Integer: 'integer',
  Decimal: 'decimal',
  Date: 'date',
  DateTime: 'dateTime',
  Time: 'time',
};

/** The FHIR type of a node (`code`, `Patient.contact`), also where it is one of FHIRPath's own; undefined when nobody can tell. */
export const toFhirType = ({ type }: FhirPathNode): string | undefined => SYSTEM_TYPES[type!] ?? type;

/** Whether nodes are of a type by its name, with or without `FHIR.` or `System.`; undefined when nobody can tell. */
export function buildTypeTest(name: string): (node: FhirPathNode) => boolean | undefined {
  const asked = normalizeTypeName(name);
  if (asked === 'Resource' || asked === 'DomainResource') return whereTypeIsKnown(isResourceNode);
  if (asked === 'Element') return whereTypeIsKnown((node) => !isResourceNode(node));
  if (asked === 'BackboneElement') return whereTypeIsKnown(({ type }) => type!.includes('.'));
  return whereTypeIsKnown((node) => {
    for (let kind = toFhirType(node); kind !== undefined; kind = SUPERTYPES[kind]) if (kind === asked) return true;
    return false;
  });
}

const whereTypeIsKnown =
  (test: (node: FhirPathNode) => boolean) =>
  (node: FhirPathNode): boolean | undefined =>
    node.type === undefined ? undefined : test(node);

function normalizeTypeName(name: string): string {
  const last = name.replace(/^(?:FHIR|System)\./, '');
  return SYSTEM_TYPES[last] ?? last;
}

const isResourceNode = ({ type, value }: FhirPathNode): boolean =>
  findElement(type!, 'implicitRules') !== undefined || readMember(value, 'resourceType') !== undefined;
