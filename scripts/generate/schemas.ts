// Makes src/fhir/generated/schemas.json: one strict JSON Schema per type and backbone element, with the keywords of src/fhir/validation/schema-rules.ts
// for what JSON Schema cannot say (choices, reference targets, aligned arrays, invariants).
import { bindingOf } from './codes.ts';
import {
  type ElementDefinition,
  type Group,
  isBare,
  isPrimitive,
  isResource,
  nameOf,
  PRIMITIVES,
  RESOURCE_TYPES,
  reachableGroups,
  targetsOf,
  typesOf,
} from './definitions.ts';
import { invariantNames } from './invariants.ts';

type Schema = Record<string, unknown>;

/** R4's primitive types in JSON. Formats are the predicates of src/fhir/validation/primitives.ts. https://hl7.org/fhir/R4/datatypes.html#primitive */
const PLAIN: Record<string, Schema> = {
  boolean: { type: 'boolean' },
  decimal: { type: 'number' },
  integer: { type: 'integer', minimum: -2147483648, maximum: 2147483647 },
  positiveInt: { type: 'integer', minimum: 1, maximum: 2147483647 },
  unsignedInt: { type: 'integer', minimum: 0, maximum: 2147483647 },
  // Its form is constraint txt-1.
  xhtml: { type: 'string' },
};

/** DomainResource stays: it refuses a resource without a type of R4. */
const ABSTRACT = ['Resource', 'BackboneElement'];

/** The text of schemas.json. Definitions stand under their type's name or path, sorted, one property to a line. */
export function schemasFile(): string {
  const groups = [...reachableGroups().values()].filter((group) => !ABSTRACT.includes(group.name));
  const definitions = groups.map((group) => `${JSON.stringify(group.name)}: ${print(schemaOf(group))}`);
  const nullable = schemaOf(groups.find((group) => group.name === 'Element')!);
  definitions.push(`"Element?": ${print({ ...nullable, type: ['object', 'null'] })}`);
  definitions.push(...PRIMITIVES.map((type) => `${JSON.stringify(type)}: ${JSON.stringify(primitiveSchema(type))}`));
  return `{"resourceTypes": ${JSON.stringify(RESOURCE_TYPES)},\n"schema": {"$id": "r4", "$defs": {\n${definitions.join(',\n')}\n}}}\n`;
}

function print({ properties, ...rest }: Schema): string {
  const lines = Object.entries(properties as Schema).map(([name, schema]) => `  ${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
  return `{${JSON.stringify(rest).slice(1, -1)},"properties":{\n${lines.join(',\n')}\n}}`;
}

function schemaOf(group: Group): Schema {
  const elements = group.elements.filter((element) => element.max !== '0');
  const named = elements.filter((element) => !isChoice(element));
  const mandatory = named.filter((element) => element.min > 0);
  return {
    type: 'object',
    ...list('required', [
      ...(isResource(group.name) ? ['resourceType'] : []),
      ...mandatory.filter((element) => !hasSibling(element)).map(nameOf),
    ]),
    ...list('needs', mandatory.filter(hasSibling).map(nameOf)),
    ...(elements.some(hasSibling) && { siblings: elements.filter((element) => hasSibling(element) && element.max === '*').map(nameOf) }),
    ...list('choices', elements.filter(isChoice).map(choiceOf)),
    ...(group.name === 'Element' ? { minProperties: 1 } : list('invariants', invariantNames(group.self, group.name))),
    ...contentOf(group, named, elements.filter(isChoice)),
  };
}

const isChoice = (element: ElementDefinition): boolean => nameOf(element).endsWith('[x]');

/** A choice of so many types is looked up by name when one is met, in place of a property each. */
const OPEN_CHOICE = 20;

const isOpenChoice = (choice: ElementDefinition): boolean => typesOf(choice).length > OPEN_CHOICE;

/** What stands in the object, and that nothing else does. */
function contentOf(group: Group, named: ElementDefinition[], choices: ElementDefinition[]): Schema {
  const properties = Object.fromEntries(named.flatMap(propertiesOf));
  const open = choices.filter(isOpenChoice);
  const all = {
    ...resourceTypeOf(group.name),
    ...properties,
    ...Object.fromEntries(choices.filter((choice) => !isOpenChoice(choice)).flatMap(propertiesOf)),
  };
  if (open.length) return { branches: { beside: Object.keys(all), of: Object.assign({}, ...open.map(branchesOf)) }, properties: all };
  return { additionalProperties: group.name === 'DomainResource', properties: all };
}

function resourceTypeOf(name: string): Schema {
  if (name === 'DomainResource') return { resourceType: { enum: RESOURCE_TYPES } };
  return isResource(name) ? { resourceType: { const: name } } : {};
}

/** Name in JSON → name of the definition it is of. */
const branchesOf = (choice: ElementDefinition): Record<string, string> =>
  Object.fromEntries(
    typesOf(choice).flatMap((type): [string, string][] => {
      const name = branchName(choice, type);
      return isPrimitive(type)
        ? [
            [name, type],
            [`_${name}`, 'Element'],
          ]
        : [[name, type]];
    }),
  );

const list = (keyword: string, values: unknown[]): Schema => (values.length > 0 ? { [keyword]: values } : {});

const hasSibling = (element: ElementDefinition): boolean => typesOf(element).some(isPrimitive) && !isBare(element);

const choiceOf = (element: ElementDefinition): Schema => ({
  name: nameOf(element).replace('[x]', ''),
  required: element.min > 0,
  of: typesOf(element).map((type) => branchName(element, type)),
});

function branchName(element: ElementDefinition, type: string): string {
  const suffix = type === 'SimpleQuantity' ? 'Quantity' : type;
  return nameOf(element).replace('[x]', suffix.charAt(0).toUpperCase() + suffix.slice(1));
}

function propertiesOf(element: ElementDefinition): [string, Schema][] {
  if (!isChoice(element)) return withSibling(element, nameOf(element), typesOf(element)[0]!);
  return typesOf(element).flatMap((type) => withSibling(element, branchName(element, type), type));
}

/** A property, and for a primitive the object beside it. In lists both may hold nulls. https://hl7.org/fhir/R4/json.html#primitive */
function withSibling(element: ElementDefinition, name: string, type: string): [string, Schema][] {
  const many = element.max === '*';
  const value = valueSchema(element, type);
  if (!isPrimitive(type)) return [[name, many ? array(value) : value]];
  if (isBare(element)) return [[name, value]];
  if (!many)
    return [
      [name, value],
      [`_${name}`, reference('Element')],
    ];
  return [
    [name, array(orNull(value))],
    [`_${name}`, array(reference('Element?'))],
  ];
}

const orNull = (value: Schema): Schema => ({
  ...value,
  type: [value.type, 'null'],
  ...(Array.isArray(value.enum) && { enum: [...value.enum, null] }),
});

const array = (items: Schema): Schema => ({ type: 'array', minItems: 1, items });

const reference = (name: string): Schema => ({ $ref: `#/$defs/${name}` });

function valueSchema(element: ElementDefinition, type: string): Schema {
  const own = type === element.path ? [] : invariantNames(element, element.path).filter((name) => !OF_EVERY_ELEMENT.has(name));
  const targets = type === 'Reference' ? targetsOf(element) : undefined;
  return {
    ...(codesOf(element, type) ?? baseSchema(element, type)),
    ...boundSchema(element, type),
    ...(targets && { targets }),
    ...list('invariants', own),
  };
}

/** The constraints of the definitions of all elements and extensions, which are checked there. */
const OF_EVERY_ELEMENT = new Set(['Element.ele-1', 'Extension.ext-1']);

/** A resource in another one is contained in it (`contained`), or stands on its own (in a Bundle). */
function baseSchema(element: ElementDefinition, type: string): Schema {
  if (type === 'Resource') return { type: 'object', [nameOf(element) === 'contained' ? 'contained' : 'standalone']: true };
  return isPrimitive(type) ? primitiveSchema(type) : reference(type);
}

const primitiveSchema = (type: string): Schema => PLAIN[type] ?? { type: 'string', format: `fhir-${type}` };

/** The required binding of a CodeableConcept: by code system, its codes or their format. */
function boundSchema(element: ElementDefinition, type: string): Schema {
  const binding = type === 'CodeableConcept' && isRequired(element) ? bindingOf(element.binding!.valueSet!) : undefined;
  return binding ? { bound: binding } : {};
}

/** Codes whose definition allows more than their value set: path → format of src/fhir/validation/primitives.ts. */
const FORMATS: Record<string, string> = {
  // "json" and the like beside media types. https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.format
  'CapabilityStatement.format': 'contentFormat',
};

/** The required binding of a code: its codes, or their format. */
function codesOf(element: ElementDefinition, type: string): Schema | undefined {
  const binding = type === 'code' && isRequired(element) ? bindingOf(element.binding!.valueSet!) : undefined;
  if (!binding) return undefined;
  const allowed = Object.values(binding).flat();
  const format = FORMATS[element.path] ?? Object.values(binding).find((codes) => typeof codes === 'string');
  return format ? { type: 'string', format: `fhir-${format}` } : { type: 'string', enum: [...new Set(allowed)] };
}

const isRequired = ({ binding }: ElementDefinition): boolean => binding?.strength === 'required' && binding.valueSet !== undefined;
