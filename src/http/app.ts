// The whole request pipeline on one screen: every request begins, goes through the FHIR door or a vendor's, and fails in one place.
import express, { type Express } from 'express';
import { unavailable } from '../fhir/outcome.ts';
import { docsPage } from './docs/serve.ts';
import { type FhirDoor, fhirApi, fhirElsewhere } from './fhir/router.ts';
import { refuseAmbiguous } from './middleware/check-headers.ts';
import { failure, type LogFailure, nothingHere } from './middleware/error-handler.ts';
import { begin } from './middleware/request-context.ts';
import { dispatcher } from './middleware/route-surface.ts';
import { dropAfterLast } from './middleware/unread-body.ts';
import { type Documents, openApiDocuments } from './openapi/serve.ts';
import { type V1Door, v1Api } from './vendor/router.ts';
import { type Hook, hooks } from './webhooks/endpoint.ts';

/** What the pipeline is made of; the roof (`assemble.ts`) and the tests fill it in. */
export interface Deps {
  fhir: FhirDoor;
  v1: V1Door;
  documents: Documents;
  hooks: Hook[];
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
  const find = dispatcher(v1.mappings, v1.prefixes);
  app.use(dropAfterLast);
  app.use(begin);
  app.use(refuseAmbiguous((req) => (isFhir(req.path) ? 'fhir' : find(req).surface)));
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  app.get('/readyz', async (_req, res) => {
    await ready().catch(() => {
      throw unavailable('the database does not answer', 5);
    });
    res.json({ status: 'ready' });
  });
  app.use(FHIR_PATH, fhirApi(fhir, logFailure));
  app.use('/fhir', fhirElsewhere(FHIR_PATH));
  app.use('/openapi', openApiDocuments(documents));
  app.use('/docs', docsPage());
  app.get('/', (_req, res) => res.redirect('docs'));
  app.use(hooks(doors));
  app.use(v1Api(v1, find));
  app.use(nothingHere);
  app.use(failure(logFailure));
  return app;
}
