// The whole request pipeline: every request starts here and goes to the FHIR API or a vendor's API. All errors go to one error handler.
import express, { type Express } from 'express';
import { unavailable } from '../fhir/outcome.ts';
import { type AdminApi, buildAdminRouter } from './admin/router.ts';
import { buildConsoleRouter, type ConsoleApi } from './console/router.ts';
import { buildDocsRouter } from './docs/serve.ts';
import { buildFhirRouter, type FhirApi, rejectOtherFhirBase } from './fhir/router.ts';
import { type AuditParts, recordRequests } from './middleware/audit.ts';
import { FHIR_PATH } from './middleware/base-url.ts';
import { buildErrorHandler, type LogFailure, sendRouteNotFound } from './middleware/error-handler.ts';
import { discardAfterFinalResponse } from './middleware/read-body.ts';
import { beginRequest, checkHeaders } from './middleware/request-context.ts';
import { buildRouteResolver } from './middleware/route-surface.ts';
import { buildDocumentRouter, type ServedDocuments } from './openapi/serve.ts';
import { buildVendorRouter, type VendorApi } from './vendor/router.ts';
import { buildWebhookRouter, type WebhookEndpoint } from './webhooks/endpoint.ts';

/** The dependencies of the pipeline (`assemble.ts`). */
export interface AppDependencies {
  fhir: FhirApi;
  vendor: VendorApi;
  admin: AdminApi;
  /** Undefined: nothing is served below /console. */
  console: ConsoleApi | undefined;
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

export function buildApp({
  audit,
  fhir,
  vendor,
  admin,
  console,
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
  app.use(checkHeaders((req) => (isFhir(req.path) ? 'fhir' : find(req).surface)));
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.get('/readyz', async (_req, res) => {
    await ready().catch(() => {
      throw unavailable('the database does not answer', 5);
    });
    res.json({ status: 'ready' });
  });
  app.use(FHIR_PATH, buildFhirRouter(fhir, logFailure));
  app.use('/fhir', rejectOtherFhirBase(FHIR_PATH));
  app.use('/admin', buildAdminRouter(admin));
  if (console) app.use('/console/api', buildConsoleRouter(console));
  app.use('/console', sendRouteNotFound);
  app.use('/openapi', buildDocumentRouter('/openapi', documents.openApi));
  app.use('/schemas', buildDocumentRouter('/schemas', documents.schemas));
  app.use('/docs', buildDocsRouter());
  app.get('/', (_req, res) => res.redirect('docs'));
  app.use(buildWebhookRouter(webhooks));
  app.use(buildVendorRouter(vendor, find));
  app.use(sendRouteNotFound);
  app.use(buildErrorHandler(logFailure));
  return app;
}
