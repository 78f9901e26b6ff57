// What every terminology operation gets and returns. https://hl7.org/fhir/R4/terminology-service.html

import type { OperationParameters, ParameterTable } from '../operation-parameters.ts';
import { invalid, notFound } from '../outcome.ts';
import { formatNotKnown } from '../terminology/expansion.ts';
import { type Terminology, toCanonical } from '../terminology/terminology.ts';
import type { CodeSystem, ConceptMap, ValueSet } from '../terminology/value-set.ts';
import type { Resource } from '../types.ts';

export interface TerminologyCall {
  parameters: OperationParameters;
  /** The definitions that the operation can use. */
  terminology: Terminology;
  /** The stored resource in the path, or the resource of the request. */
  subject?: Resource;
  /** The concept maps of a translation. */
  maps: ConceptMaps;
  /** The time of the request, ISO 8601 in UTC. */
  at: string;
  newId: () => string;
}

/** `used`: the maps that translate. `others`: those to which they delegate codes without an entry. */
export interface ConceptMaps {
  used: readonly ConceptMap[];
  others: readonly ConceptMap[];
}

export interface TerminologyOperation {
  name: string;
  parameters: ParameterTable;
  run(call: TerminologyCall): Resource;
}

/** Parameters with the URL of a definition. */
const URL_NAMES = ['url', 'system'];
/** Parameters whose code system may be needed. */
const CODING_NAMES = ['coding', 'codingA', 'codingB'];

/** The URLs of definitions that a call names. */
export const listDefinitionUrls = ({ text, element }: OperationParameters): string[] =>
  [...URL_NAMES.map(text), ...CODING_NAMES.map((name) => element(name)?.system)].filter((url) => typeof url === 'string');

/** The value set that a call is about: of the path, of the request, or with the URL in `url`. */
export function requireValueSet(call: TerminologyCall): ValueSet {
  return requireSubject(call, 'ValueSet', 'valueSetVersion', (canonical) => call.terminology.findValueSet(canonical));
}

export function requireCodeSystem(call: TerminologyCall, urlName = 'url'): CodeSystem {
  return requireSubject(call, 'CodeSystem', 'version', (canonical) => call.terminology.findCodeSystem(canonical), urlName);
}

const LABELS = { ValueSet: 'value set', CodeSystem: 'code system' };

function requireSubject<T extends ValueSet | CodeSystem>(
  { parameters, subject }: TerminologyCall,
  type: T['resourceType'],
  versionName: string,
  find: (canonical: string) => T | undefined,
  urlName = 'url',
): T {
  const url = parameters.text(urlName);
  if (subject) {
    if (url !== undefined) throw invalid(`send ${urlName} or a ${type}, not both`);
    // the assertion: the resource is stored, or it was validated
    return subject as unknown as T;
  }
  if (url === undefined) throw invalid(`name the ${LABELS[type]} by ${urlName}, send it in the body, or use the path of a stored one`);
  const canonical = toCanonical(url, parameters.text(versionName));
  const found = find(canonical);
  if (!found) throw notFound(`${formatNotKnown(LABELS[type], canonical)}: store it, or load the package that defines it`);
  return found;
}
