// The elements of ValueSets and CodeSystems that determine their codes. https://hl7.org/fhir/R4/valueset.html, https://hl7.org/fhir/R4/codesystem.html

/** https://hl7.org/fhir/R4/valueset.html */
export interface ValueSet {
  resourceType: 'ValueSet';
  url: string;
  version?: string;
  compose?: { include?: Inclusion[]; exclude?: Inclusion[] };
  expansion?: { total?: number; contains?: Contained[] };
}

export interface Inclusion {
  system?: string;
  version?: string;
  concept?: { code: string }[];
  filter?: { property: string; op: string; value: string }[];
  valueSet?: string[];
}

export interface Contained {
  system?: string;
  code?: string;
  abstract?: boolean;
  contains?: Contained[];
}

/** https://hl7.org/fhir/R4/codesystem.html */
export interface CodeSystem {
  resourceType: 'CodeSystem';
  url: string;
  version?: string;
  content?: string;
  caseSensitive?: boolean;
  concept?: Concept[];
}

export interface Concept {
  code: string;
  concept?: Concept[];
}
