// The parts of StructureDefinitions that are checked with, and how definitions are kept. https://hl7.org/fhir/R4/structuredefinition.html
import type { CodeSystem, ValueSet } from '../terminology/value-set.ts';

/** https://hl7.org/fhir/R4/elementdefinition.html. `fixed[x]`, `pattern[x]`, `minValue[x]` and `maxValue[x]` stand under their names in JSON. */
export interface ElementDefinition {
  id?: string;
  path: string;
  sliceName?: string;
  min?: number;
  max?: string;
  type?: ElementType[];
  contentReference?: string;
  slicing?: Slicing;
  binding?: { strength: string; valueSet?: string };
  constraint?: Constraint[];
  maxLength?: number;
  [name: string]: unknown;
}

export interface ElementType {
  code: string;
  profile?: string[];
  targetProfile?: string[];
  aggregation?: string[];
}

export interface Slicing {
  discriminator?: { type: string; path: string }[];
  ordered?: boolean;
  rules: string;
}

export interface Constraint {
  key: string;
  severity: string;
  human?: string;
  expression?: string;
  source?: string;
}

export interface StructureDefinition {
  resourceType: 'StructureDefinition';
  url: string;
  version?: string;
  name?: string;
  kind: string;
  type: string;
  derivation?: string;
  baseDefinition?: string;
  fhirVersion?: string;
  /** Of an extension: where it may stand. */
  context?: { type: string; expression: string }[];
  snapshot?: { element: ElementDefinition[] };
  differential?: { element: ElementDefinition[] };
}

export type Definition = StructureDefinition | ValueSet | CodeSystem;
export type DefinitionKind = Definition['resourceType'];

/** A definition with the package it came in (`name#version`; our own: `facet`). */
export interface PackagedDefinition {
  package: string;
  resource: Definition;
}

/** Something about a definition that makes it impossible to check with; the message says what. */
export class UnusableDefinitionError extends Error {}

/** Hears of what a profile asks that cannot be checked: of which kind, and what it is. */
export type ReportUnchecked = (kind: 'profiles' | 'required value sets' | 'constraints' | 'slices', what: string) => void;
