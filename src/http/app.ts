// The whole request pipeline: every request starts here and goes to the FHIR API or a vendor's API. All errors go to one error handler.
import express, { type Express, type Request } from 'express';
import { ADMIN_SURFACE, OPERATOR_SURFACE } from '../administration/key-surfaces.ts';
import { unavailable } from '../fhir/outcome.ts';
import { type AdminApi, buildAdminRouter } from './admin/router.ts';
import { buildConsoleRouter, type ConsoleApi } from './console/router.ts';
import { buildConsolePageRouter, type ConsoleBuild } from './console/serve.ts';
import { buildSessionRouter, type SessionApi } from './console/session.ts';
import { buildDocsRouter } from './docs/serve.ts';
import { buildFhirRouter, type FhirApi, rejectOtherFhirBase } from './fhir/router.ts';
import { type AuditParts, recordRequests } from './middleware/audit.ts';
import { FHIR_PATH } from './middleware/base-url.ts';
import type { ReadDevelopmentKeys } from './middleware/development-keys.ts';
import { buildErrorHandler, type LogFailure, sendRouteNotFound } from './middleware/error-handler.ts';
import { discardAfterFinalResponse } from './middleware/read-body.ts';
import { beginRequest, checkHeaders, type RequestContext } from './middleware/request-context.ts';
import { buildRouteResolver, type RouteResolver } from './middleware/route-surface.ts';
import { useSession } from './middleware/session.ts';
import { buildDocumentRouter, type ServedDocuments } from './openapi/serve.ts';
import { buildVendorRouter, type VendorApi } from './vendor/router.ts';
import { buildWebhookRouter, type WebhookEndpoint } from './webhooks/endpoint.ts';

/** The dependencies of the pipeline (`assemble.ts`). */
export interface AppDependencies {
  fhir: FhirApi;
  vendor: VendorApi;
  admin: AdminApi;
  /** Undefined: nothing is served below /console. `build`: undefined if the console was not built. */
  console: { api: ConsoleApi; session: SessionApi; build: ConsoleBuild | undefined } | undefined;
  /** The keys that the page of the documentation offers. Undefined in production. */
  readDevelopmentKeys: ReadDevelopmentKeys;
  /** The OpenAPI documents, and the JSON Schemas of mapping files. */
  documents: { openApi: ServedDocuments; schemas: ServedDocuments };
  webhooks: WebhookEndpoint[];
  /** Resolves when the database responds. */
  ready(): Promise<void>;
  /** Undefined in measurements only. */
  audit: AuditParts | undefined;
  logFailure: LogFailure;
  trustProxy: string | number | false;
}

export type App = Express;

const isFhir = (path: string): boolean => /^\/fhir(?:\/|$)/.test(path);

/** The mappings of a surface are open to the credential of that surface, too. */
const MAPPINGS = /^\/console\/api\/mappings\/([^/]+)/;

/** The surfaces whose credentials open a path. */
const listCredentialSurfaces =
  (find: RouteResolver) =>
  (req: Request): string[] => {
    if (isFhir(req.path) || /^\/console\//.test(req.path)) return ['fhir', MAPPINGS.exec(req.path)?.[1] ?? []].flat();
    if (/^\/admin(?:\/|$)/.test(req.path)) return [OPERATOR_SURFACE, ADMIN_SURFACE];
    return [find(req).surface?.name ?? []].flat();
  };

export function buildApp({
  audit,
  fhir,
  vendor,
  admin,
  console,
  readDevelopmentKeys,
  documents,
  webhooks,
  ready,
  logFailure,
  trustProxy,
}: AppDependencies): App {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('trust proxy', trustProxy);
  const find = buildRouteResolver(vendor.mappings, vendor.prefixes);
  app.use(discardAfterFinalResponse);
  app.use(beginRequest);
  if (audit) app.use(recordRequests(audit));
  const findSurface = (req: Request): RequestContext['surface'] => (isFhir(req.path) ? 'fhir' : find(req).surface);
  app.use(checkHeaders(findSurface));
  if (console) app.use(useSession({ ...console.session, listSurfaces: listCredentialSurfaces(find), findSurface }));
  app.use(FHIR_PATH, buildFhirRouter(fhir, logFailure));
  app.use('/fhir', rejectOtherFhirBase(FHIR_PATH));
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.get('/readyz', async (_req, res) => {
    await ready().catch(() => {
      throw unavailable('the database does not answer', 5);
    });
    res.json({ status: 'ready' });
  });
  app.use('/admin', buildAdminRouter(admin));
  if (console) {
    app.use('/console/api', buildConsoleRouter(console.api));
    app.use('/console/session', buildSessionRouter(console.session));
    app.use('/console', buildConsolePageRouter(console.build));
  }
  app.use('/console', sendRouteNotFound);
  app.use('/openapi', buildDocumentRouter('/openapi', documents.openApi));
  app.use('/schemas', buildDocumentRouter('/schemas', documents.schemas));
  app.use('/docs', buildDocsRouter(readDevelopmentKeys));
  app.get('/', (_req, res) => res.redirect(console?.build ? 'console' : 'docs'));
  app.use(buildWebhookRouter(webhooks));
  app.use(buildVendorRouter(vendor, find));
  app.use(sendRouteNotFound);
  app.use(buildErrorHandler(logFailure));
  return app;
}
