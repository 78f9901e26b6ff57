// Tests the type of nodes, for `is`, `as` and `ofType`. https://hl7.org/fhirpath/N1/#types, https://hl7.org/fhir/R4/fhirpath.html#types

import { findElement } from '../elements.ts';
import { readMember } from '../json-values.ts';
import type { FhirPathNode } from './node.ts';

/** Type → its supertype. https://hl7.org/fhir/R4/datatypes.html */
export const SUPERTYPES: Readonly<Record<string, string>> = {
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

/** System type of FHIRPath → the FHIR primitive of that name, which authors of constraints mean. */
const SYSTEM_TYPES: Readonly<Record<string, string>> = {
  String: 'string',
  Boolean: 'boolean',
  Integer: 'integer',
  Decimal: 'decimal',
  Date: 'date',
  DateTime: 'dateTime',
  Time: 'time',
};

/** The FHIR type of a node (`code`, `Patient.contact`). A system type becomes the FHIR primitive of that name. Undefined: the type is not known. */
export const toFhirType = ({ type }: FhirPathNode): string | undefined => SYSTEM_TYPES[type!] ?? type;

/** The test whether a node has a type, which may be named with `FHIR.` or `System.`. Its result is undefined if the type of the node is not known. */
export function buildTypeTest(name: string): (node: FhirPathNode) => boolean | undefined {
  const typeName = normalizeTypeName(name);
  if (typeName === 'Resource' || typeName === 'DomainResource') return whereTypeIsKnown(isResourceNode);
  if (typeName === 'Element') return whereTypeIsKnown((node) => !isResourceNode(node));
  if (typeName === 'BackboneElement') return whereTypeIsKnown(({ type }) => type!.includes('.'));
  return whereTypeIsKnown((node) => {
    for (let kind = toFhirType(node); kind !== undefined; kind = SUPERTYPES[kind]) if (kind === typeName) return true;
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
