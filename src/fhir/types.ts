// The resource types. Routes, validation, search and the CapabilityStatement are derived from this table: every type of R4 but Parameters, which is the body of
// operations, and AuditEvent, which is not a stored resource (src/audit). A new type is one more line. The number is stored in the database (`rtype`), so a number must never be changed or reused.

import type { Meta } from '@medplum/fhirtypes';
import { readMember } from './json-values.ts';

/** Type → its number in the database. https://hl7.org/fhir/R4/resourcelist.html */
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
  Account: 28,
  AdverseEvent: 29,
  AllergyIntolerance: 30,
  Appointment: 31,
  AppointmentResponse: 32,
  Basic: 33,
  BiologicallyDerivedProduct: 34,
  BodyStructure: 35,
  Bundle: 36,
  CapabilityStatement: 37,
  CarePlan: 38,
  CatalogEntry: 39,
  ChargeItem: 40,
  ChargeItemDefinition: 41,
  Claim: 42,
  ClaimResponse: 43,
  ClinicalImpression: 44,
  CodeSystem: 45,
  Communication: 46,
  CommunicationRequest: 47,
  CompartmentDefinition: 48,
  Composition: 49,
  ConceptMap: 50,
  Contract: 51,
  CoverageEligibilityRequest: 52,
  CoverageEligibilityResponse: 53,
  DetectedIssue: 54,
  Device: 55,
  DeviceDefinition: 56,
  DeviceMetric: 57,
  DeviceRequest: 58,
  DeviceUseStatement: 59,
  DocumentManifest: 60,
  DocumentReference: 61,
  EffectEvidenceSynthesis: 62,
  EnrollmentRequest: 63,
  EnrollmentResponse: 64,
  EpisodeOfCare: 65,
  EventDefinition: 66,
  Evidence: 67,
  EvidenceVariable: 68,
  ExampleScenario: 69,
  ExplanationOfBenefit: 70,
  FamilyMemberHistory: 71,
  Flag: 72,
  Goal: 73,
  GraphDefinition: 74,
  GuidanceResponse: 75,
  ImagingStudy: 76,
  Immunization: 77,
  ImmunizationEvaluation: 78,
  ImmunizationRecommendation: 79,
  ImplementationGuide: 80,
  InsurancePlan: 81,
  Invoice: 82,
  Library: 83,
  Linkage: 84,
  Measure: 85,
  MeasureReport: 86,
  Media: 87,
  Medication: 88,
  MedicationAdministration: 89,
  MedicationDispense: 90,
  MedicationKnowledge: 91,
  MedicationRequest: 92,
  MedicationStatement: 93,
  MedicinalProduct: 94,
  MedicinalProductAuthorization: 95,
  MedicinalProductContraindication: 96,
  MedicinalProductIndication: 97,
  MedicinalProductIngredient: 98,
  MedicinalProductInteraction: 99,
  MedicinalProductManufactured: 100,
  MedicinalProductPackaged: 101,
  MedicinalProductPharmaceutical: 102,
  MedicinalProductUndesirableEffect: 103,
  MessageDefinition: 104,
  MessageHeader: 105,
  MolecularSequence: 106,
  NamingSystem: 107,
  NutritionOrder: 108,
  ObservationDefinition: 109,
  OperationDefinition: 110,
  OperationOutcome: 111,
  OrganizationAffiliation: 112,
  PaymentNotice: 113,
  PaymentReconciliation: 114,
  Person: 115,
  PlanDefinition: 116,
  Procedure: 117,
  Questionnaire: 118,
  RequestGroup: 119,
  ResearchDefinition: 120,
  ResearchElementDefinition: 121,
  ResearchStudy: 122,
  ResearchSubject: 123,
  RiskAssessment: 124,
  RiskEvidenceSynthesis: 125,
  SearchParameter: 126,
  SpecimenDefinition: 127,
  StructureDefinition: 128,
  StructureMap: 129,
  Substance: 130,
  SubstanceNucleicAcid: 131,
  SubstancePolymer: 132,
  SubstanceProtein: 133,
  SubstanceReferenceInformation: 134,
  SubstanceSourceMaterial: 135,
  SubstanceSpecification: 136,
  SupplyDelivery: 137,
  SupplyRequest: 138,
  TerminologyCapabilities: 139,
  TestReport: 140,
  TestScript: 141,
  ValueSet: 142,
  VerificationResult: 143,
  VisionPrescription: 144,
} as const;

export type ServedType = keyof typeof TYPE_NUMBERS;

export const isKnown = (type: string): type is ServedType => Object.hasOwn(TYPE_NUMBERS, type);

/** Every type that can be served, in the order of their numbers. */
export const KNOWN_TYPES = Object.keys(TYPE_NUMBERS).filter(isKnown);

/**
 * FACET_TYPES: the types to serve, by comma; absent: all. It is read when the program is loaded, because constants of many files are derived from the served types.
 * config.ts checks it.
 */
const SELECTED = process.env.FACET_TYPES?.split(',').map((type) => type.trim());

/** The served types, in the order of their numbers. */
export const SERVED_TYPES = SELECTED?.some(isKnown) ? KNOWN_TYPES.filter((type) => SELECTED.includes(type)) : KNOWN_TYPES;

const SERVED: ReadonlySet<string> = new Set(SERVED_TYPES);

export const isServed = (type: string): type is ServedType => SERVED.has(type);

const TYPES_BY_NUMBER = new Map<number, ServedType>(KNOWN_TYPES.map((type) => [TYPE_NUMBERS[type], type]));

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
