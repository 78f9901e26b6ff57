// Records every request that a credential opened or failed to open: one place for FHIR, the vendors' APIs and the administration.
import type { Request, RequestHandler, Response } from 'express';
import { type AccessList, createAccessList } from '../../audit/access-list.ts';
import { describeQuery } from '../../audit/audited-query.ts';
import type { AuditRecorder } from '../../audit/recorder.ts';
import type { AuditFacts } from '../../fhir/audit-event.ts';
import { unavailable } from '../../fhir/outcome.ts';
import { NO_TENANT } from '../../store/audit-events.ts';
import { sendError } from './error-handler.ts';
import { onClose } from './on-close.ts';
import { parseQuery, type RequestContext, readRequestContext } from './request-context.ts';

export interface AuditParts {
  recorder: AuditRecorder;
  clock: () => Date;
  newId: () => string;
}

/** Records a request when its response was sent or its client has disconnected; with FACET_AUDIT=strict, before its response is sent. */
export function recordRequests(parts: AuditParts): RequestHandler {
  return (req, res, next) => {
    const at = parts.clock().toISOString();
    readRequestContext(res).accessed = createAccessList();
    // the socket of a client that has left has no address any more
    const address = req.ip?.replace(/^::ffff:(?=\d+\.)/, '');
    const record = (sent: number): Promise<void> | undefined => {
      const context = readRequestContext(res);
      const status = context.auditedStatus ?? sent;
      if (!isRecorded(context, status)) return undefined;
      return parts.recorder.record(
        context.caller?.tenant ?? NO_TENANT,
        buildFacts(context, { id: parts.newId(), at, status, ...describeRequest(req, address) }),
      );
    };
    if (parts.recorder.isStrict) holdResponse(req, res, record);
    else onClose(req, res, () => void record(res.writableFinished ? res.statusCode : 0));
    next();
  };
}

/** Requests of no caller are recorded if they were refused for that reason. */
const isRecorded = ({ caller }: RequestContext, status: number): boolean => caller !== undefined || status === 401;

/** The response waits for its event; if the event cannot be stored, the response is 503. A client that left before the response has an event, too. */
function holdResponse(req: Request, res: Response, record: (status: number) => Promise<void> | undefined): void {
  let isHeld = false;
  const send = res.end.bind(res) as (...body: unknown[]) => Response;
  res.end = ((...body: unknown[]) => {
    isHeld = true;
    // from now on, the response is sent as usual
    res.end = send as Response['end'];
    const stored = record(res.statusCode);
    if (!stored) return send(...body);
    stored.then(
      () => send(...body),
      () => {
        for (const name of CONTENT_HEADERS) res.removeHeader(name);
        sendError(req, res, unavailable('the audit of this request could not be stored, so its outcome is not confirmed', 5));
      },
    );
    return res;
  }) as Response['end'];
  onClose(req, res, () => void (isHeld || record(0)));
}

const CONTENT_HEADERS = ['content-length', 'etag', 'last-modified', 'location'];

const describeRequest = (req: Request, address: string | undefined) => ({
  method: req.method,
  address,
  query: describeQuery(parseQuery(req.originalUrl)),
});

type OwnFacts = Pick<AuditFacts, 'id' | 'at' | 'method' | 'status' | 'address' | 'query'>;

function buildFacts(context: RequestContext, { id, at, method, status, address, query }: OwnFacts): AuditFacts {
  const { requestId, surface, route, caller, interaction = [], accessed } = context;
  const { entities, patients, omitted } = accessed?.list() ?? NOTHING;
  return {
    id,
    at,
    requestId,
    door: surface === undefined ? (caller?.surface ?? 'none') : surface === 'fhir' ? 'fhir' : surface.name,
    method,
    route,
    subtypes: interaction,
    status,
    actor: caller?.actor,
    issuer: caller?.token?.issuer,
    client: caller?.token?.client,
    subject: caller?.token?.subject,
    fhirUser: caller?.fhirUser,
    address,
    entities,
    patients,
    omitted,
    query,
  };
}

const NOTHING: ReturnType<AccessList['list']> = { entities: [], patients: [] };
