// Which type a node is of, as `is`, `as` and `ofType` ask. https://hl7.org/fhirpath/N1/#types, https://hl7.org/fhir/R4/fhirpath.html#types
import { elementOf } from '../elements.ts';
import type { Node } from './node.ts';

/** Type → the one it is a kind of. https://hl7.org/fhir/R4/datatypes.html */
const KIND_OF: Readonly<Record<string, string>> = {
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
const OWN: Readonly<Record<string, string>> = {
  String: 'string',
  Boolean: 'boolean',
  Integer: 'integer',
  Decimal: 'decimal',
  Date: 'date',
  DateTime: 'dateTime',
  Time: 'time',
};

/** The FHIR type of a node (`code`, `Patient.contact`), also where it is one of FHIRPath's own; undefined when nobody can tell. */
export const fhirTypeOf = ({ type }: Node): string | undefined => OWN[type!] ?? type;

/** Whether nodes are of a type by its name, with or without `FHIR.` or `System.`; undefined when nobody can tell. */
export function typeTest(name: string): (node: Node) => boolean | undefined {
  const asked = plain(name);
  if (asked === 'Resource' || asked === 'DomainResource') return known(isResource);
  if (asked === 'Element') return known((node) => !isResource(node));
  if (asked === 'BackboneElement') return known(({ type }) => type!.includes('.'));
  return known((node) => {
    for (let kind = fhirTypeOf(node); kind !== undefined; kind = KIND_OF[kind]) if (kind === asked) return true;
    return false;
  });
}

const known =
  (test: (node: Node) => boolean) =>
  (node: Node): boolean | undefined =>
    node.type === undefined ? undefined : test(node);

function plain(name: string): string {
  const last = name.replace(/^(?:FHIR|System)\./, '');
  return OWN[last] ?? last;
}

const isResource = ({ type, value }: Node): boolean =>
  elementOf(type!, 'implicitRules') !== undefined || (value as { resourceType?: unknown } | null)?.resourceType !== undefined;
