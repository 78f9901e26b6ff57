// A receiver of traces: OTLP over HTTP in its JSON form. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  kind: number;
  name: string;
  attributes: Record<string, string | number>;
  isError: boolean;
}

/** https://opentelemetry.io/docs/specs/otlp/: the numbers of SpanKind and of the status code ERROR. */
export const [SERVER, CLIENT, CONSUMER] = [2, 3, 5];
const ERROR = 2;

interface OtlpSpan extends Omit<ReceivedSpan, 'attributes'> {
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
  status: { code: number };
}
interface OtlpTraces {
  resourceSpans: { resource: { attributes: OtlpSpan['attributes'] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

export interface Collector {
  url: string;
  spans: ReceivedSpan[];
  /** The attributes of the resources. */
  resources: Record<string, string | number>[];
  /** The bodies as received. */
  bodies: string[];
  close(): void;
}

const toRecord = (attributes: OtlpSpan['attributes']): Record<string, string | number> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? '?']));

export async function startCollector(): Promise<Collector> {
  const [spans, resources, bodies]: [ReceivedSpan[], Collector['resources'], string[]] = [[], [], []];
  const server = createServer(async (req, res) => {
    const body = await text(req);
    if (req.url !== '/v1/traces' || req.headers['content-type'] !== 'application/json') return void res.writeHead(404).end();
    bodies.push(body);
    for (const { resource, scopeSpans } of (JSON.parse(body) as OtlpTraces).resourceSpans) {
      resources.push(toRecord(resource.attributes));
      for (const span of scopeSpans.flatMap((scope) => scope.spans)) {
        const { traceId, spanId, parentSpanId, kind, name, attributes, status } = span;
        spans.push({ traceId, spanId, parentSpanId, kind, name, attributes: toRecord(attributes), isError: status.code === ERROR });
      }
    }
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => void server.close().closeAllConnections();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, resources, bodies, close };
}
