// Compartments: the resources that belong to a patient, an encounter, a practitioner or a related person, by the official definitions.
// https://hl7.org/fhir/R4/compartmentdefinition.html
import { readFileSync } from 'node:fs';
import { hash } from '../hash.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../types.ts';
import { combineWithOr } from './condition-sentences.ts';
import type { Condition } from './query.ts';
import { findReferenceParameter } from './reference-parameter.ts';
import type { SearchRegistry } from './registry.ts';

interface CompartmentDefinition {
  /** The canonical URL of its CompartmentDefinition. */
  url: string;
  /** Type → the parameters by which its resources belong; `{def}`: the resource is what the compartment is about. */
  types: Partial<Record<ServedType, string[]>>;
}

const COMPARTMENTS: Record<string, CompartmentDefinition> = JSON.parse(
  readFileSync(new URL('../generated/compartments.json', import.meta.url), 'utf8'),
);

/** One compartment: what it is about. */
export interface Compartment {
  type: ServedType;
  id: string;
}

export const isCompartment = (type: string): boolean => Object.hasOwn(COMPARTMENTS, type);

/** The types that have compartments. */
export const COMPARTMENT_TYPES = Object.keys(COMPARTMENTS).filter(isServed);

/** The canonical URLs of the compartments that can be searched. */
export const COMPARTMENT_URLS: readonly string[] = Object.values(COMPARTMENTS).map(({ url }) => url);

/** The types whose resources can belong to compartments of a type, that type among them. */
export const listCompartmentTypes = (of: ServedType): ServedType[] =>
  SERVED_TYPES.filter((type) => type === of || COMPARTMENTS[of]?.types[type]);

/** What is true of the resources of a type that belong to a compartment; undefined when none ever does. */
export function buildCompartmentCondition(
  { type: of, id }: Compartment,
  type: ServedType,
  registry: SearchRegistry,
): Condition | undefined {
  const codes = (COMPARTMENTS[of]?.types[type] ?? []).filter((code) => code !== '{def}');
  return buildMembershipCondition({ type: of, id }, type, { codes, registry });
}

/** The same by parameters that are named: a reference to what the compartment is about by one of them, or being that. */
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
