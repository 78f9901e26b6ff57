// The OpenAPI documents of this installation, from the mappings and the FHIR tables, with its URLs and its limits; and the JSON Schemas of mapping files.
import type { Config } from '../config.ts';
import { FHIR_PATH } from '../http/middleware/base-url.ts';
import type { RateLimit } from '../http/middleware/rate-limit.ts';
import { buildAdminOpenApi } from '../http/openapi/admin-document.ts';
import { buildConsoleOpenApi } from '../http/openapi/console-document.ts';
import { buildFhirOpenApi } from '../http/openapi/fhir-document.ts';
import type { ServedDocuments } from '../http/openapi/serve.ts';
import { PUBLISHED_SCHEMAS } from '../mapping/load/published-schema.ts';
import type { Surface } from '../mapping/shape.ts';
import type { Definitions } from './load-definitions.ts';

/** The facts of this installation in the documents. */
interface InstallationFacts {
  version: string;
  baseUrl: string;
  bodyLimits: Config['bodyLimits'];
  console: boolean;
  /** Whether orders go to the sandbox. */
  sandbox: boolean;
  /** The limit in force for a surface; null: none. */
  findRateLimit(surface: Pick<Surface, 'name' | 'rateLimit'>): RateLimit | null;
}

/** The documents of `/openapi` and `/schemas`. */
export const buildServedDocuments = (
  definitions: Pick<Definitions, 'registry' | 'mappings'>,
  facts: InstallationFacts,
): { openApi: ServedDocuments; schemas: ServedDocuments } => ({
  openApi: buildOpenApiDocuments(definitions, facts),
  schemas: buildSchemaDocuments(facts.baseUrl),
});

/** One document for the FHIR API, for each vendor surface, for the administration, and for the console. */
function buildOpenApiDocuments(
  { registry, mappings }: Pick<Definitions, 'registry' | 'mappings'>,
  { version, baseUrl, bodyLimits, console, sandbox, findRateLimit }: InstallationFacts,
): ServedDocuments {
  const fhir = {
    version,
    servers: [{ url: baseUrl + FHIR_PATH, description: 'this server' }],
    rateLimit: findRateLimit({ name: 'fhir', rateLimit: null }),
    bodyLimit: bodyLimits.fhir,
  };
  const vendors = mappings.surfaces.map((surface) => {
    const facts = { version, servers: listServers(surface, baseUrl), rateLimit: findRateLimit(surface), bodyLimit: bodyLimits.v1 };
    const credential = toCredential(surface);
    return [surface.name, { title: surface.title, credential, build: () => mappings.openApi(surface.name, facts)! }] as const;
  });
  return {
    fhir: { title: 'FHIR R4', credential: BEARER, build: () => buildFhirOpenApi(registry, fhir) },
    ...Object.fromEntries(vendors),
    admin: { title: 'Administration', credential: BEARER, build: () => buildAdminOpenApi({ version, url: `${baseUrl}/admin`, sandbox }) },
    ...(console && {
      console: { title: 'Console', credential: BEARER, build: () => buildConsoleOpenApi({ version, url: `${baseUrl}/console/api` }) },
    }),
  };
}

const BEARER = { header: 'Authorization', format: 'Bearer …' };

const toCredential = ({ auth }: Surface) => (auth.scheme === 'bearer' ? BEARER : { header: auth.header, format: '…' });

/** The JSON Schemas of mapping files, for editors. */
const buildSchemaDocuments = (baseUrl: string): ServedDocuments =>
  Object.fromEntries(
    Object.entries(PUBLISHED_SCHEMAS).map(([name, { title, build }]) => [
      name,
      { title, build: () => build(`${baseUrl}/schemas/${name}.json`) },
    ]),
  );

/** The vendor's documented paths, where the key selects the surface; then URLs that only this surface has. */
const listServers = ({ name, mounts }: Surface, baseUrl: string) => [
  { url: baseUrl, description: 'the paths as documented' },
  { url: `${baseUrl}/${name}`, description: 'this surface alone' },
  ...mounts.map((mount) => ({ url: baseUrl + mount, description: 'the same' })),
];
