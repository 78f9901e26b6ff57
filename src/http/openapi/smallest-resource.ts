// The smallest resource of a type: its mandatory elements, each with a value that its definition allows. https://hl7.org/fhir/R4/conformance-rules.html#cardinality
import { findElement, isPrimitive, listElementNames } from '../../fhir/elements.ts';
import { R4_SCHEMA, type Schema } from '../../fhir/json-schema.ts';
import { toObject } from '../../fhir/json-values.ts';
import type { ServedType } from '../../fhir/types.ts';

type Json = Record<string, unknown>;

/** Primitive type → a value. Other primitive types are texts. */
const VALUES: Readonly<Record<string, unknown>> = {
  boolean: true,
  integer: 1,
  positiveInt: 1,
  unsignedInt: 1,
  decimal: 1,
  code: 'example',
  uri: 'https://clinic.example/example',
  url: 'https://clinic.example/example',
  canonical: 'https://clinic.example/example',
  date: '2026-11-20',
  dateTime: '2026-11-20',
  instant: '2026-11-20T08:30:00Z',
  time: '08:30:00',
  base64Binary: 'SGVsbG8=',
  id: 'example',
};

/** Datatype → a value, for datatypes whose mandatory elements alone are no valid value and that have no text. */
const DATATYPES: Readonly<Record<string, Json>> = {
  Quantity: { value: 1 },
  SimpleQuantity: { value: 1 },
  Period: { start: '2026-11-20' },
  Identifier: { value: 'example' },
  Coding: { system: 'https://clinic.example/codes', code: 'example' },
  Money: { value: 1, currency: 'USD' },
  Attachment: { title: 'Example' },
  Expression: { language: 'text/fhirpath', expression: 'true' },
  TriggerDefinition: { type: 'named-event', name: 'example' },
};

/** The mandatory elements of a resource type. The references lead to resources with the id `id`. */
export function buildSmallestElements(type: ServedType, id: string): Json {
  return buildMandatoryElements(type, id);
}

/** A datatype or backbone element. Without mandatory elements it has another one, because it must not be empty. */
function buildObject(type: string, id: string): Json {
  const known = DATATYPES[type];
  if (known) return known;
  const elements = buildMandatoryElements(type, id);
  if (Object.keys(elements).length) return elements;
  return type.includes('.') ? buildFirstElement(type, id) : { text: 'Example' };
}

function buildMandatoryElements(type: string, id: string): Json {
  const mandatory = listElementNames(type).filter((name) => {
    const { min, choice } = findElement(type, name)!;
    return choice === undefined ? min > 0 : isFirstOfMandatoryChoice(type, name, choice);
  });
  return Object.fromEntries(mandatory.map((name) => [name, buildElement(type, name, id)]));
}

function isFirstOfMandatoryChoice(type: string, name: string, choice: string): boolean {
  if (findElement(type, choice)!.min === 0) return false;
  return listElementNames(type).find((other) => findElement(type, other)!.choice === choice) === name;
}

function buildFirstElement(type: string, id: string): Json {
  const name = listElementNames(type).find((other) => !INHERITED.has(other))!;
  return { [name]: buildElement(type, name, id) };
}

const INHERITED = new Set(['id', 'extension', 'modifierExtension']);

function buildElement(type: string, name: string, id: string): unknown {
  const { list, types, targets } = findElement(type, name)!;
  const value = buildValue(types[0]!, { schema: findSchema(type, name), targets, id });
  return list ? [value] : value;
}

/** `schema`: that of one value of the element. */
interface Place {
  schema: Schema;
  targets: string[] | undefined;
  id: string;
}

function buildValue(type: string, { schema, targets, id }: Place): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (schema.format === 'fhir-mimeType') return 'text/plain';
  if (isPrimitive(type)) return VALUES[type] ?? 'Example';
  if (type === 'Reference') return { reference: `${targets?.[0] ?? 'Patient'}/${id}` };
  if (type === 'CodeableConcept') return buildConcept(toObject(schema.bound));
  return buildObject(type, id);
}

/** `bound`: code system → the codes of a required binding, or their format. */
function buildConcept(bound: Json | undefined): Json {
  const [system, codes] = Object.entries(bound ?? {})[0] ?? [];
  return system === undefined ? { text: 'Example' } : { coding: [{ system, code: Array.isArray(codes) ? codes[0] : '1' }] };
}

function findSchema(type: string, name: string): Schema {
  const property = toObject(toObject(R4_SCHEMA.$defs[type]?.properties)?.[name]) ?? {};
  return toObject(property.items) ?? property;
}
