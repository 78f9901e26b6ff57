// The elements of ValueSets, CodeSystems and ConceptMaps that determine codes and what is known of them. https://hl7.org/fhir/R4/valueset.html,
// https://hl7.org/fhir/R4/codesystem.html, https://hl7.org/fhir/R4/conceptmap.html

/** What identifies a definition to a reader. */
export interface DefinitionFacts {
  url: string;
  version?: string;
  name?: string;
  title?: string;
  status?: string;
}

/** https://hl7.org/fhir/R4/valueset.html */
export interface ValueSet extends DefinitionFacts {
  resourceType: 'ValueSet';
  compose?: { include?: Inclusion[]; exclude?: Inclusion[] };
  expansion?: { total?: number; contains?: Contained[] };
}

export interface Inclusion {
  system?: string;
  version?: string;
  concept?: ListedConcept[];
  filter?: { property: string; op: string; value: string }[];
  valueSet?: string[];
}

/** A code that a value set lists. Its display replaces that of the code system. */
export interface ListedConcept {
  code: string;
  display?: string;
  designation?: Designation[];
}

/** A further text for a code, in a language or for a use. */
export interface Designation {
  language?: string;
  use?: Coding;
  value: string;
}

export interface Coding {
  system?: string;
  version?: string;
  code?: string;
  display?: string;
}

export interface Contained {
  system?: string;
  version?: string;
  code?: string;
  display?: string;
  abstract?: boolean;
  inactive?: boolean;
  designation?: Designation[];
  contains?: Contained[];
}

/** https://hl7.org/fhir/R4/codesystem.html */
export interface CodeSystem extends DefinitionFacts {
  resourceType: 'CodeSystem';
  content?: string;
  caseSensitive?: boolean;
  /** The definitions of the properties that its concepts can have. */
  property?: { code: string; uri?: string; type?: string; description?: string }[];
  concept?: Concept[];
}

export interface Concept extends ListedConcept {
  definition?: string;
  property?: ConceptProperty[];
  concept?: Concept[];
}

/** `value[x]` has its JSON name: `valueCode`, `valueBoolean` … */
export interface ConceptProperty {
  code: string;
  [value: string]: unknown;
}

/** https://hl7.org/fhir/R4/conceptmap.html */
export interface ConceptMap extends DefinitionFacts {
  resourceType: 'ConceptMap';
  /** The value sets between which the map translates, by URI or by canonical. */
  sourceUri?: string;
  sourceCanonical?: string;
  targetUri?: string;
  targetCanonical?: string;
  group?: ConceptMapGroup[];
}

export interface ConceptMapGroup {
  source?: string;
  sourceVersion?: string;
  target?: string;
  targetVersion?: string;
  element?: { code?: string; display?: string; target?: ConceptMapTarget[] }[];
  unmapped?: { mode: string; code?: string; display?: string; url?: string };
}

export interface ConceptMapTarget {
  code?: string;
  display?: string;
  equivalence: string;
  comment?: string;
  dependsOn?: DependentValue[];
  product?: DependentValue[];
}

/** A value of another element that a mapping needs, or that it results in. */
export interface DependentValue {
  property: string;
  system?: string;
  value: string;
  display?: string;
}

/** The URLs of the maps to which a map delegates codes without an entry. https://hl7.org/fhir/R4/conceptmap.html#unmapped */
export const listOtherMaps = ({ group = [] }: ConceptMap): string[] =>
  group.flatMap(({ unmapped }) => (unmapped?.mode === 'other-map' && unmapped.url !== undefined ? [unmapped.url] : []));
