// Builds the CapabilityStatement from the tables of served types, search parameters and interactions.
// https://hl7.org/fhir/R4/capabilitystatement.html
import { AUDIT_PARAMETERS, AUDIT_TYPE } from './audit-search.ts';
import { BASE64_CONTENT_SHARE } from './binary.ts';
import { MAX_BUNDLE_ENTRIES } from './bundle.ts';
import { INTERACTIONS, type InteractionDefinition } from './interactions.ts';
import { COMPARTMENT_URLS } from './search/compartment.ts';
import { isFollowable } from './search/reference-parameter.ts';
import type { SearchParameter, SearchRegistry } from './search/registry.ts';
import { SERVED_TYPES } from './types.ts';

/** The inputs of the statement. `date`: the release date of the software. `bodyLimit`: in bytes. */
export interface CapabilityOptions {
  baseUrl: string;
  version: string;
  date: string;
  registry: SearchRegistry;
  bodyLimit: number;
  /** Type → its documentation, in Markdown. */
  documentation?: Partial<Record<string, string>>;
  /** Absent: access tokens are not accepted. The endpoints are those of the issuer, as far as they are known. */
  smart?: { authorize?: string; token?: string };
  /** Whether references to this server must resolve. */
  strictReferences?: boolean;
  /** Type → canonical URLs of its profiles. */
  profiles: ReadonlyMap<string, string[]>;
}

/** The codes of the interactions at paths of a type, or at those of the whole system. */
function listInteractionCodes(of: 'type' | 'system'): { code: string }[] {
  const facts = Object.values(INTERACTIONS).filter(({ path }) => path.startsWith('/:type') === (of === 'type'));
  return [...new Set(facts.flatMap((interaction): readonly string[] => interaction.codes))].map((code) => ({ code }));
}

/** The operations on a type, each once. */
const listOperations = (type: string): object[] => listOperationsAt((path) => path.startsWith('/:type') || path.startsWith(`/${type}/`));

function listOperationsAt(isOwn: (path: string) => boolean): object[] {
  const own = Object.values<InteractionDefinition>(INTERACTIONS).filter(({ path }) => isOwn(path));
  const operations = own.flatMap(({ operation }) => operation ?? []);
  return [...new Map(operations.map(({ affectsState: _internal, ...listed }) => [listed.name, listed])).values()];
}

/** The statement as a resource. */
export function buildCapabilityStatement({
  baseUrl,
  version,
  date,
  registry,
  bodyLimit,
  documentation = {},
  strictReferences = false,
  smart,
  profiles,
}: CapabilityOptions): object {
  const referencePolicy = REFERENCE_POLICIES[strictReferences ? 'strict' : 'loose'];
  const megabytes = Math.floor(bodyLimit / (1024 * 1024));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'Facet', version },
    implementation: { description: 'Facet, a FHIR R4 server', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json', 'application/fhir+xml', 'xml'],
    patchFormat: ['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml'],
    rest: [
      {
        mode: 'server',
        documentation: `Unknown search parameters are refused (400) unless Prefer: handling=lenient. Bodies up to ${megabytes} MiB, content of a Binary up to ${Math.floor(megabytes * BASE64_CONTENT_SHARE)} MiB. An update that changes nothing makes no new version. ${strictReferences ? 'References to this server must resolve (422), and what is referred to cannot be deleted (409).' : 'References need not resolve.'} A batch or transaction has at most ${MAX_BUNDLE_ENTRIES} entries. Keys with the scope admin may add _explain=true to a search and see its SQL, plan and timing.`,
        security: buildSecurity(smart),
        resource: [
          ...SERVED_TYPES.map((type) =>
            buildResourceEntry(type, { registry, profiles: profiles.get(type), documentation: documentation[type], referencePolicy }),
          ),
          AUDIT_ENTRY,
        ],
        interaction: listInteractionCodes('system'),
        searchParam: [
          { name: '_list', type: 'string', documentation: 'The id of a List: what its entries refer to.' },
          { name: '_filter', type: 'special', documentation: 'https://hl7.org/fhir/R4/search_filter.html' },
        ],
        operation: listOperationsAt((path) => path.startsWith('/$')),
        compartment: COMPARTMENT_URLS,
      },
    ],
  };
}

const API_KEYS = 'An API key of the FHIR surface, as "Authorization: Bearer …" or "x-api-key: …".';

/** The endpoints are also in an extension: https://hl7.org/fhir/smart-app-launch/1.0.0/conformance/index.html#declaring-support-for-oauth2-endpoints */
function buildSecurity(smart: CapabilityOptions['smart']): object {
  if (smart === undefined) return { description: API_KEYS };
  const endpoints = Object.entries(smart).map(([url, valueUri]) => ({ url, valueUri }));
  return {
    ...(endpoints.length && {
      extension: [{ url: 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris', extension: endpoints }],
    }),
    cors: true,
    service: [
      {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' }],
        text: 'SMART App Launch and SMART Backend Services',
      },
    ],
    description: `An access token of the issuer that .well-known/smart-configuration names, as "Authorization: Bearer …". ${API_KEYS}`,
  };
}

/** https://hl7.org/fhir/R4/valueset-reference-handling-policy.html */
const REFERENCE_POLICIES = { loose: ['literal', 'logical'], strict: ['literal', 'logical', 'enforced'] };

/** The server alone writes AuditEvents. Control parameters (`_count`) are not listed. */
const AUDIT_ENTRY = {
  type: AUDIT_TYPE,
  documentation: 'What requests did, newest first. Needs the scope system/AuditEvent.rs by name; no other scope contains it.',
  interaction: [{ code: 'read' }, { code: 'search-type' }],
  versioning: 'no-version',
  searchParam: [...AUDIT_PARAMETERS].flatMap(([name, { type }]) => (type === 'special' ? [] : [{ name, type }])),
};

interface ResourceOptions {
  referencePolicy: string[];
  registry: SearchRegistry;
  profiles: string[] | undefined;
  documentation: string | undefined;
}

/**
 * R4 has no element for the value set of a search parameter, so the parameter has an extension: a search form offers its codes. The url is our own.
 * https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.searchParam
 */
const VALUE_SET_URL = 'urn:facet:value-set';

function buildResourceEntry(type: string, { registry, profiles, documentation, referencePolicy }: ResourceOptions): object {
  const parameters = registry.list(type);
  const links = (source: string, test: (parameter: SearchParameter) => boolean): string[] => {
    const codes = registry.list(source).filter(test);
    return codes.length ? [`${source}:*`, ...codes.map(({ code }) => `${source}:${code}`)] : [];
  };
  const included = links(type, isFollowable);
  const referring = SERVED_TYPES.flatMap((other) =>
    links(other, (parameter) => isFollowable(parameter) && !!parameter.targets?.includes(type)),
  );
  return {
    type,
    ...(profiles?.length && { supportedProfile: profiles }),
    ...(documentation !== undefined && { documentation }),
    interaction: listInteractionCodes('type'),
    versioning: 'versioned',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: 'single',
    referencePolicy,
    // R4 JSON has no empty lists: https://hl7.org/fhir/R4/json.html
    ...(included.length && { searchInclude: ['*', ...included] }),
    ...(referring.length && { searchRevInclude: ['*', ...referring] }),
    searchParam: parameters.map((parameter) => ({
      ...(parameter.valueSet !== undefined && { extension: [{ url: VALUE_SET_URL, valueCanonical: parameter.valueSet }] }),
      name: parameter.code,
      type: parameter.type,
      ...(parameter.url && { definition: parameter.url }),
    })),
    operation: listOperations(type),
  };
}
