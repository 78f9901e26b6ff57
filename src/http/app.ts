// The whole request pipeline on one screen: every request begins, goes through the FHIR door or a vendor's, and fails in one place.
import express, { type Express } from 'express';
import { unavailable } from '../fhir/outcome.ts';
import { docsPage } from './docs/serve.ts';
import { type FhirApi, fhirElsewhere, fhirRouter } from './fhir/router.ts';
import { checkHeaders } from './middleware/check-headers.ts';
import { errorHandler, type LogFailure, noSuchRoute } from './middleware/error-handler.ts';
import { beginRequest } from './middleware/request-context.ts';
import { buildDispatcher } from './middleware/route-surface.ts';
import { dropAfterLast } from './middleware/unread-body.ts';
import { type Documents, openApiDocuments } from './openapi/serve.ts';
import { type VendorApi, vendorRouter } from './vendor/router.ts';
import { type WebhookEndpoint, webhookEndpoints } from './webhooks/endpoint.ts';

/** What the pipeline is made of; the roof (`assemble.ts`) and the tests fill it in. */
export interface Deps {
  fhir: FhirApi;
  v1: VendorApi;
  documents: Documents;
  hooks: WebhookEndpoint[];
  /** Resolves when the database answers. */
  ready(): Promise<void>;
  logFailure: LogFailure;
  trustProxy: string | number | false;
}

export type App = Express;

export const FHIR_PATH = '/fhir/R4';

const isFhir = (path: string): boolean => /^\/fhir(?:\/|$)/.test(path);

export function buildApp({ fhir, v1, documents, hooks: doors, ready, logFailure, trustProxy }: Deps): App {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('trust proxy', trustProxy);
  const find = buildDispatcher(v1.mappings, v1.prefixes);
  app.use(dropAfterLast);
  app.use(beginRequest);
  app.use(checkHeaders((req) => (isFhir(req.path) ? 'fhir' : find(req).surface)));
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.get('/readyz', async (_req, res) => {
    await ready().catch(() => {
      throw unavailable('the database does not answer', 5);
    });
    res.json({ status: 'ready' });
  });
  app.use(FHIR_PATH, fhirRouter(fhir, logFailure));
  app.use('/fhir', fhirElsewhere(FHIR_PATH));
  app.use('/openapi', openApiDocuments(documents));
  app.use('/docs', docsPage());
  app.get('/', (_req, res) => res.redirect('docs'));
  app.use(webhookEndpoints(doors));
  app.use(vendorRouter(v1, find));
  app.use(noSuchRoute);
  app.use(errorHandler(logFailure));
  return app;
}
