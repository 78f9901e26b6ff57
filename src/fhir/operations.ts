// The operations that are served, by their definitions. The routes are in interactions.ts. https://hl7.org/fhir/R4/operations.html

/** `affectsState`: it may change resources. Absent: it only reads. https://hl7.org/fhir/R4/operationdefinition-definitions.html#OperationDefinition.affectsState */
export interface Operation {
  name: string;
  /** The canonical URL of its OperationDefinition. */
  definition: string;
  affectsState?: true;
  /** What a client must know beyond the definition. */
  documentation?: string;
}

const defineR4 = (name: string, on: string): Operation => ({ name, definition: `http://hl7.org/fhir/OperationDefinition/${on}-${name}` });

export const OPERATIONS = {
  validate: defineR4('validate', 'Resource'),
  expand: defineR4('expand', 'ValueSet'),
  validateCodeInValueSet: defineR4('validate-code', 'ValueSet'),
  validateCodeInCodeSystem: defineR4('validate-code', 'CodeSystem'),
  lookup: defineR4('lookup', 'CodeSystem'),
  subsumes: defineR4('subsumes', 'CodeSystem'),
  translate: defineR4('translate', 'ConceptMap'),
  everything: defineR4('everything', 'Patient'),
  meta: defineR4('meta', 'Resource'),
  metaAdd: { ...defineR4('meta-add', 'Resource'), affectsState: true },
  diff: {
    name: 'diff',
    // Facet's own definition: R4 has no such operation
    definition: 'urn:uuid:5d1f6a52-6b0f-4f7e-9d28-6f0a4a1c7b7e',
    documentation: 'An operation of this server: the differences of two versions (from, to) as a FHIRPath Patch.',
  },
  graphql: {
    name: 'graphql',
    definition: 'http://hl7.org/fhir/OperationDefinition/Resource-graphql',
    documentation: 'Queries only. By GET, or by POST as application/json or application/graphql. https://hl7.org/fhir/R4/graphql.html',
  },
  lastn: defineR4('lastn', 'Observation'),
  match: defineR4('match', 'Patient'),
  merge: {
    name: 'merge',
    definition: 'http://hl7.org/fhir/OperationDefinition/Patient-merge',
    affectsState: true,
    documentation: 'As R5 defines it: https://hl7.org/fhir/R5/patient-operation-merge.html. A merge completes at once.',
  },
  metaDelete: { ...defineR4('meta-delete', 'Resource'), affectsState: true },
} as const satisfies Record<string, Operation>;
