// The names, versions and displays of R4's own value sets and code systems. Only the terminology operations need them, so the generated file is read at the first
// of these. HL7's texts of its own systems are in the public domain (CC0). https://hl7.org/fhir/R4/terminologies-systems.html
import { readFileSync } from 'node:fs';
import { parseCanonical } from '../profile-claims.ts';
import { cacheByUrl, findCoreCodeSystem, findCoreValueSet } from './core-value-sets.ts';
import type { Terminology } from './terminology.ts';
import type { CodeSystem, Concept, ConceptProperty, DefinitionFacts, ValueSet } from './value-set.ts';

type GeneratedFacts = Omit<DefinitionFacts, 'url'>;

interface GeneratedSystem extends GeneratedFacts {
  caseSensitive?: false;
  notSelectable?: string[];
  retired?: string[];
  displays: [code: string, display: string][];
}

interface GeneratedDetails {
  codeSystems: Record<string, GeneratedSystem>;
  valueSets: Record<string, GeneratedFacts>;
}

let read: GeneratedDetails | undefined;

const readGenerated = (): GeneratedDetails => {
  const details: GeneratedDetails =
    read ?? JSON.parse(readFileSync(new URL('../generated/terminology-details.json', import.meta.url), 'utf8'));
  read = details;
  return details;
};

/** The terminology with the details of R4's own definitions. If a canonical has a version, R4's definition must have that version. */
export const addCoreDetails = ({ findValueSet, findCodeSystem }: Terminology): Terminology => ({
  findValueSet: (canonical) => describe(findValueSet(canonical), canonical, findCoreValueSet, describeCoreValueSet),
  findCodeSystem: (canonical) => describe(findCodeSystem(canonical), canonical, findCoreCodeSystem, describeCoreCodeSystem),
});

function describe<T extends DefinitionFacts>(
  found: T | undefined,
  canonical: string,
  findCore: (url: string) => T | undefined,
  describeCore: (url: string) => T | undefined,
): T | undefined {
  if (!found || found !== findCore(found.url)) return found;
  const { version } = parseCanonical(canonical);
  const described = describeCore(found.url) ?? found;
  return version === undefined || described.version === undefined || version === described.version ? described : undefined;
}

const describeCoreValueSet = cacheByUrl((url): ValueSet | undefined => {
  const [core, { valueSets }] = [findCoreValueSet(url), readGenerated()];
  return core && { ...core, ...(Object.hasOwn(valueSets, url) && valueSets[url]) };
});

/** R4's own code system with its details. */
export const describeCoreCodeSystem = cacheByUrl((url): CodeSystem | undefined => {
  const [core, { codeSystems }] = [findCoreCodeSystem(url), readGenerated()];
  if (!core || !Object.hasOwn(codeSystems, url)) return core;
  const { displays, notSelectable = [], retired = [], ...facts } = codeSystems[url]!;
  const properties: [code: string, property: ConceptProperty][] = [
    ...notSelectable.map((code): [string, ConceptProperty] => [code, { code: 'notSelectable', valueBoolean: true }]),
    ...retired.map((code): [string, ConceptProperty] => [code, { code: 'status', valueCode: 'retired' }]),
  ];
  const details = { displays: new Map(displays), properties: Map.groupBy(properties, ([code]) => code) };
  return { ...core, ...facts, concept: (core.concept ?? []).map((concept) => addDetails(concept, details)) };
});

interface ConceptDetails {
  displays: ReadonlyMap<string, string>;
  properties: ReadonlyMap<string, [code: string, property: ConceptProperty][]>;
}

function addDetails({ concept, ...own }: Concept, details: ConceptDetails): Concept {
  const display = details.displays.get(own.code);
  const property = [...(own.property ?? []), ...(details.properties.get(own.code) ?? []).map(([, one]) => one)];
  return {
    ...own,
    ...(display !== undefined && { display }),
    ...(property.length && { property }),
    ...(concept && { concept: concept.map((child) => addDetails(child, details)) }),
  };
}
