// The value sets and code systems that a caller can use: those that its tenant has stored, those of loaded packages, and R4's own, in this order. Stored
// definitions are read for each request, so a change by any process applies at once. https://hl7.org/fhir/R4/terminology-service.html

import { tooCostly } from '../fhir/outcome.ts';
import { chooseDefinition } from '../fhir/profile/library.ts';
import { parseCanonical } from '../fhir/profile-claims.ts';
import { parseSearch } from '../fhir/search/request.ts';
import { escapeSearchValue } from '../fhir/search/search-value.ts';
import { type Terminology, toCanonical } from '../fhir/terminology/terminology.ts';
import { type CodeSystem, type ConceptMap, listOtherMaps, type ValueSet } from '../fhir/terminology/value-set.ts';
import type { ConceptMaps } from '../fhir/terminology-operations/operation.ts';
import { isServed } from '../fhir/types.ts';
import type { Context } from './context.ts';
import { canRead } from './scope-filter.ts';

type TerminologyContext = Pick<Context, 'store' | 'caller' | 'profiles' | 'registry' | 'baseUrl' | 'maxBodyBytes'>;

/** The most definitions that one request may use, and the most stored versions of them. */
const MAX_DEFINITIONS = 200;

/** The terminology for definitions with these URLs and everything that they include. `given`: definitions of the request. They precede stored ones. */
export async function loadTerminology(
  context: TerminologyContext,
  urls: readonly string[],
  given: readonly (ValueSet | CodeSystem)[] = [],
): Promise<Terminology> {
  const stored: (ValueSet | CodeSystem)[] = [...given];
  const seen = new Set<string>();
  let base = context.registry.terminology;
  for (let pending = [...urls, ...given.flatMap(listUrls)]; pending.length; ) {
    const missing = [...new Set(pending.map((canonical) => parseCanonical(canonical).url))].filter((url) => !seen.has(url));
    if (!missing.length) break;
    for (const url of missing) seen.add(url);
    if (seen.size > MAX_DEFINITIONS)
      throw tooCostly(`the value set includes more than ${MAX_DEFINITIONS} others: list their codes instead`);
    base = (await context.profiles.findTerminology(context.store, missing)) ?? base;
    const found = [
      ...(await findStored<ValueSet>(context, 'ValueSet', missing)),
      ...(await findStored<CodeSystem>(context, 'CodeSystem', missing)),
    ];
    stored.push(...found);
    pending = [...found, ...missing.flatMap((url) => base.findValueSet(url) ?? [])].flatMap(listUrls);
  }
  // the expansions of an unchanged terminology are kept (expansion.ts)
  return stored.length ? buildStoredTerminology(stored, base) : base;
}

/** The definitions that a value set uses, also those that only have the displays of its codes. */
function listUrls(definition: ValueSet | CodeSystem): string[] {
  if (definition.resourceType === 'CodeSystem') return [];
  const { include = [], exclude = [] } = definition.compose ?? {};
  return [...include, ...exclude].flatMap(({ system, valueSet = [] }) => (system === undefined ? valueSet : [system, ...valueSet]));
}

/** The stored definitions with these URLs, in all versions. None if the caller may not read them. */
const findStored = <T extends ValueSet | CodeSystem | ConceptMap>(
  context: TerminologyContext,
  type: T['resourceType'],
  urls: readonly string[],
): Promise<T[]> => searchDefinitions<T>(context, type, [['url', urls.map(escapeSearchValue).join(',')]]);

async function searchDefinitions<T extends ValueSet | CodeSystem | ConceptMap>(
  { store, caller, registry, baseUrl, maxBodyBytes }: TerminologyContext,
  type: T['resourceType'],
  parameters: [name: string, value: string][],
): Promise<T[]> {
  if (!isServed(type) || !canRead(caller, type)) return [];
  const { query } = parseSearch(type, parameters, { registry, baseUrl, handling: 'strict' });
  const limits = { count: MAX_DEFINITIONS, ...(maxBodyBytes !== undefined && { maxBytes: 2 * maxBodyBytes }) };
  const { rows, next } = await store.searchBodies(caller.tenant, { ...query, ...limits });
  if (next) throw tooCostly(`the ${type} resources that this request needs are too many or too large: remove old versions of them`);
  // the assertion: a stored resource was validated as one of its type
  return rows.map(({ body }) => JSON.parse(body!) as T);
}

const buildStoredTerminology = (stored: readonly (ValueSet | CodeSystem)[], base: Terminology): Terminology => {
  const find = <T extends ValueSet | CodeSystem>(type: T['resourceType'], canonical: string): T | undefined => {
    const { url } = parseCanonical(canonical);
    const versions = stored.filter((definition): definition is T => definition.resourceType === type && definition.url === url);
    return chooseDefinition(
      versions.map((resource) => ({ package: '', resource })),
      canonical,
      '',
    )?.resource;
  };
  return {
    findValueSet: (canonical) => find<ValueSet>('ValueSet', canonical) ?? base.findValueSet(canonical),
    findCodeSystem: (canonical) => find<CodeSystem>('CodeSystem', canonical) ?? base.findCodeSystem(canonical),
  };
};

/** Where the concept maps of a translation come from: the URL of one, or a code that a map has. */
interface ConceptMapRequest {
  url?: string;
  version?: string;
  codings: readonly { system?: string; code: string }[];
  isReverse: boolean;
  /** The value sets between which a map translates. */
  source?: string;
  target?: string;
}

/** The concept maps for a translation (stored, or with their URL in a package), and those to which they delegate codes without an entry. `given`: the map of the request. */
export async function loadConceptMaps(context: TerminologyContext, request: ConceptMapRequest, given?: ConceptMap): Promise<ConceptMaps> {
  const found = given ? [given] : await findRequestedMaps(context, request);
  const used = found.filter((map) => isBetween(map, request));
  const others = await findOtherMaps(context, used);
  return { used, others };
}

/** The maps to which these delegate codes without an entry, and those to which they delegate in turn. */
async function findOtherMaps(context: TerminologyContext, used: readonly ConceptMap[]): Promise<ConceptMap[]> {
  const others: ConceptMap[] = [];
  const seen = new Set(used.map(({ url }) => url));
  for (let pending = used.flatMap(listOtherMaps); pending.length; ) {
    const missing = [...new Set(pending.map((canonical) => parseCanonical(canonical).url))].filter((url) => !seen.has(url));
    for (const url of missing) seen.add(url);
    if (seen.size > MAX_DEFINITIONS) throw tooCostly(`the translation needs more than ${MAX_DEFINITIONS} concept maps: name one by url`);
    const found = (await Promise.all(missing.map((url) => findConceptMap(context, url)))).filter((map) => map !== undefined);
    others.push(...found);
    pending = found.flatMap(listOtherMaps);
  }
  return others;
}

/**
 * Whether a map translates between the requested value sets. With `reverse`, source and target change places. A map that names no value set has no specified
 * context, so it fits any. https://hl7.org/fhir/R4/conceptmap-operation-translate.html, https://hl7.org/fhir/R4/conceptmap-definitions.html#ConceptMap.source_x_
 */
function isBetween(map: ConceptMap, { source, target, isReverse }: ConceptMapRequest): boolean {
  const [from, to] = isReverse ? [target, source] : [source, target];
  return fitsValueSet(map.sourceUri ?? map.sourceCanonical, from) && fitsValueSet(map.targetUri ?? map.targetCanonical, to);
}

/** Compares the versions only if both name one. */
function fitsValueSet(named: string | undefined, requested: string | undefined): boolean {
  if (named === undefined || requested === undefined) return true;
  const [left, right] = [parseCanonical(named), parseCanonical(requested)];
  return left.url === right.url && (left.version === undefined || right.version === undefined || left.version === right.version);
}

/** A stored concept map, or one of a loaded package. */
async function findConceptMap(context: TerminologyContext, canonical: string): Promise<ConceptMap | undefined> {
  const { url } = parseCanonical(canonical);
  const versions = await findStored<ConceptMap>(context, 'ConceptMap', [url]);
  const chosen = chooseDefinition(
    versions.map((resource) => ({ package: '', resource })),
    canonical,
    '',
  );
  return chosen?.resource ?? (await context.profiles.findTerminology(context.store, [url]))?.findConceptMap?.(canonical);
}

async function findRequestedMaps(context: TerminologyContext, request: ConceptMapRequest): Promise<ConceptMap[]> {
  const { url, version, codings, isReverse } = request;
  if (url !== undefined) {
    const map = await findConceptMap(context, toCanonical(url, version));
    return map ? [map] : [];
  }
  const code = codings.map((coding) => escapeSearchValue(coding.code)).join(',');
  return searchDefinitions<ConceptMap>(context, 'ConceptMap', [[isReverse ? 'target-code' : 'source-code', code]]);
}
