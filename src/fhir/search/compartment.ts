// Compartments: the resources that belong to a patient, an encounter, a practitioner or a related person, by FHIR's definitions.
// https://hl7.org/fhir/R4/compartmentdefinition.html
import { readFileSync } from 'node:fs';
import { hash } from '../hash.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../types.ts';
import { type Condition, combineWithOr } from './query.ts';
import { findReferenceParameter } from './reference-parameter.ts';
import type { SearchRegistry } from './registry.ts';

interface CompartmentDefinition {
  /** The canonical URL of its CompartmentDefinition. */
  url: string;
  /** Type → the reference parameters by which its resources belong. `{def}`: the resource itself defines the compartment. */
  types: Partial<Record<ServedType, string[]>>;
}

const COMPARTMENTS: Record<string, CompartmentDefinition> = JSON.parse(
  readFileSync(new URL('../generated/compartments.json', import.meta.url), 'utf8'),
);

/** One compartment, by the type and id of the resource that defines it. */
export interface Compartment {
  type: ServedType;
  id: string;
}

export const isCompartment = (type: string): boolean => Object.hasOwn(COMPARTMENTS, type);

/** The types that have compartments. */
export const COMPARTMENT_TYPES = Object.keys(COMPARTMENTS).filter(isServed);

/** The canonical URLs of the compartments that can be searched. */
export const COMPARTMENT_URLS: readonly string[] = Object.values(COMPARTMENTS).map(({ url }) => url);

/** The types whose resources can belong to compartments of a type, including that type. */
export const listCompartmentTypes = (of: ServedType): ServedType[] =>
  SERVED_TYPES.filter((type) => type === of || COMPARTMENTS[of]?.types[type]);

/** The reference parameters by which resources of a type belong to a compartment. */
export const listCompartmentParameters = (of: ServedType, type: ServedType): string[] =>
  (COMPARTMENTS[of]?.types[type] ?? []).filter((code) => code !== '{def}');

/** The condition for resources of a type to belong to a compartment. Undefined: resources of the type never belong to it. */
export function buildCompartmentCondition(
  { type: of, id }: Compartment,
  type: ServedType,
  registry: SearchRegistry,
): Condition | undefined {
  return buildMembershipCondition({ type: of, id }, type, { codes: listCompartmentParameters(of, type), registry });
}

/** The same by given parameters: a reference to the resource that defines the compartment, or that resource itself. */
export function buildMembershipCondition(
  { type: of, id }: Compartment,
  type: ServedType,
  { codes, registry }: { codes: string[]; registry: SearchRegistry },
): Condition | undefined {
  const [parameter, ...others] = codes.map((code) => findReferenceParameter(registry, type, code).number);
  const itself: Condition[] = type === of ? [{ on: 'id', any: [id] }] : [];
  const linked: Condition[] =
    parameter === undefined ? [] : [{ on: 'reference', parameter, ...(others.length && { others }), any: [hash(`${of}/${id}`)] }];
  const either = [...itself, ...linked];
  return either.length ? combineWithOr(either) : undefined;
}
