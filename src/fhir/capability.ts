// The CapabilityStatement, made from what is really served: the table of types, the search parameters in force, the interactions of the HTTP door.
// https://hl7.org/fhir/R4/capabilitystatement.html
import { MOST_ENTRIES } from './bundle-request.ts';
import { INTERACTIONS } from './interactions.ts';
import type { Registry, SearchParameter } from './search-parameters.ts';
import { SERVED_TYPES } from './types.ts';

/** What the statement needs to know. `date`: the day the software was released; `bodyLimit` in bytes. */
export interface CapabilityFacts {
  baseUrl: string;
  version: string;
  date: string;
  registry: Registry;
  bodyLimit: number;
  profiles: Record<string, string[]>;
}

/** The codes of the interactions at paths of a type, or at those of the whole system. */
function codes(of: 'type' | 'system'): { code: string }[] {
  const facts = Object.values(INTERACTIONS).filter(({ path }) => path.startsWith('/:type') === (of === 'type'));
  return [...new Set(facts.flatMap((one): readonly string[] => one.codes))].map((code) => ({ code }));
}

/** The statement as a resource. */
export function capabilityStatement({ baseUrl, version, date, registry, bodyLimit, profiles }: CapabilityFacts): object {
  const megabytes = Math.floor(bodyLimit / (1024 * 1024));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'Facet', version },
    implementation: { description: 'Facet, a FHIR R4 server', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json'],
    rest: [
      {
        mode: 'server',
        documentation: `Unknown search parameters are refused (400) unless Prefer: handling=lenient. Bodies up to ${megabytes} MiB. An update that changes nothing makes no new version. References need not resolve. A batch or transaction has at most ${MOST_ENTRIES} entries.`,
        security: { description: 'An API key of the FHIR surface, as "Authorization: Bearer …" or "x-api-key: …".' },
        resource: SERVED_TYPES.map((type) => resourceOf(type, registry, profiles[type])),
        interaction: codes('system'),
      },
    ],
  };
}

function resourceOf(type: string, registry: Registry, profiles: string[] | undefined): object {
  const parameters = registry.list(type);
  const references = parameters.filter(leadsOn);
  const referring = SERVED_TYPES.flatMap((other) =>
    registry
      .list(other)
      .filter((parameter) => leadsOn(parameter) && parameter.targets?.includes(type))
      .map((parameter) => `${other}:${parameter.code}`),
  );
  return {
    type,
    ...(profiles?.length && { supportedProfile: profiles }),
    interaction: codes('type'),
    versioning: 'versioned',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: 'single',
    searchInclude: references.map((parameter) => `${type}:${parameter.code}`),
    searchRevInclude: referring,
    searchParam: parameters.map((parameter) => ({
      name: parameter.code,
      type: parameter.type,
      ...(parameter.url && { definition: parameter.url }),
    })),
  };
}

/** Whether includes can follow it: what holds canonical URLs alone names no resource of a server. */
const leadsOn = ({ type, types }: SearchParameter): boolean => type === 'reference' && types?.includes('Reference') !== false;
