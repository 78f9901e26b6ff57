// Traces by OpenTelemetry, exported by OTLP over HTTP. This file is loaded only if an endpoint is configured. A slow or dead collector delays no request: finished
// spans wait in a bounded queue, and what does not fit is dropped. docs/decisions/0049-traces.md
import { setTimeout as delay } from 'node:timers/promises';
import { type Context, context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { redactError } from '../messaging/redacted-error.ts';
import { RELEASE } from '../release.ts';
import type { Database } from '../store/database/database.ts';
import { type Tracer, useTracer } from '../tracing/span.ts';
import { toTraceParent, traceRequests } from './trace-requests.ts';
import { traceDatabase } from './traced-database.ts';
import type { TracingSettings } from './tracing-settings.ts';

/** The database of requests, and that of background work, which may be the same. */
type Databases = Record<'database' | 'background', Database>;

export interface Tracing {
  /** Runs the handler of a request in the span of the request. */
  traceRequest: ReturnType<typeof traceRequests>;
  traceDatabases(of: Databases): Databases;
  /** For log lines: the ids of the current trace and span. https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ */
  readLogFields(): { trace_id?: string; span_id?: string };
  /** Exports the spans that are left, for a limited time. */
  close(): Promise<void>;
}

/** Spans that wait for the export; further ones are dropped. */
const MAX_QUEUED = 4096;
const MAX_BATCH = 512;
const EXPORT_DELAY_MS = 2000;
/** How long a stopping server waits for the collector. */
const CLOSE_MS = 2000;
/** The least time between two log lines about a collector that fails. */
const LOG_PAUSE_MS = 60_000;

/** `log` is called when spans cannot be exported. */
export function createTracing(config: TracingSettings, log: (fields: { error: string }, text: string) => void): Tracing {
  const exporter = new OTLPTraceExporter({ url: config.endpoint });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'facet', 'service.version': RELEASE.version }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: createSampler(config),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, maxQueueSize: MAX_QUEUED, maxExportBatchSize: MAX_BATCH, scheduledDelayMillis: EXPORT_DELAY_MS }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  logExportFailures(log);
  const tracer = provider.getTracer('facet', RELEASE.version);
  useTracer(buildTracer(tracer));
  return {
    traceRequest: traceRequests(tracer),
    traceDatabases: ({ database, background }) => {
      const traced = traceDatabase(database, tracer);
      return { database: traced, background: background === database ? traced : traceDatabase(background, tracer) };
    },
    readLogFields: () => {
      const current = trace.getSpanContext(context.active());
      return current ? { trace_id: current.traceId, span_id: current.spanId } : {};
    },
    async close() {
      useTracer(undefined);
      await Promise.race([provider.shutdown().catch(() => {}), delay(CLOSE_MS, undefined, { ref: false })]);
      context.disable();
    },
  };
}

/** The message of an error may contain the response of the collector, so only its name is logged. */
function logExportFailures(log: (fields: { error: string }, text: string) => void): void {
  let loggedAt = Number.NEGATIVE_INFINITY;
  setGlobalErrorHandler((error) => {
    if (performance.now() - loggedAt < LOG_PAUSE_MS) return;
    loggedAt = performance.now();
    log({ error: redactError(error) }, 'traces cannot be exported');
  });
}

/** https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration */
function createSampler({ sampler, ratio }: TracingSettings): Sampler {
  const root = sampler.endsWith('traceidratio')
    ? new TraceIdRatioBasedSampler(ratio)
    : sampler.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new AlwaysOnSampler();
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

const KINDS = { client: SpanKind.CLIENT, background: SpanKind.CONSUMER };

const buildTracer =
  (tracer: ReturnType<TracerProvider['getTracer']>): Tracer =>
  (start, work) => {
    const parent: Context = start.kind === 'background' ? ROOT_CONTEXT : context.active();
    const span = tracer.startSpan(start.name, { kind: KINDS[start.kind], attributes: start.attributes }, parent);
    const fail = (type: string): void => void span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
    const handle = {
      set: (name: string, value: string | number) => void span.setAttribute(name, value),
      fail,
      headers: { traceparent: toTraceParent(span.spanContext()) },
    };
    return context.with(trace.setSpan(parent, span), async () => {
      try {
        return await work(handle);
      } catch (error) {
        fail(error instanceof Error ? error.name : typeof error);
        throw error;
      } finally {
        span.end();
      }
    });
  };
