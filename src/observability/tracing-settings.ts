// The settings of traces, by the names that OpenTelemetry gives them. Other OTEL_ variables (headers, timeout, certificate, resource attributes) are read by its
// library. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface TracingSettings {
  /** The URL that spans are posted to. */
  endpoint: string;
  sampler: (typeof SAMPLERS)[number];
  /** The share of traces that a sampler by ratio takes, from 0 to 1. */
  ratio: number;
}

/** The variables, named as in their errors. `base`: the URL of the collector, to which the path of traces is added. */
interface TracingVariables {
  base: string | undefined;
  endpoint: string | undefined;
  protocol: string | undefined;
  exporter: string | undefined;
  disabled: string | undefined;
  sampler: string | undefined;
  samplerArg: string | undefined;
}

/** Undefined: no traces. */
export function parseTracing({
  base,
  endpoint,
  protocol,
  exporter,
  disabled,
  sampler,
  samplerArg,
}: TracingVariables): TracingSettings | undefined {
  if (disabled === 'true' || exporter === 'none' || (base ?? endpoint) === undefined) return undefined;
  if (exporter !== undefined && exporter !== 'otlp') throw new Error('OTEL_TRACES_EXPORTER must be otlp or none');
  if (protocol !== undefined && protocol !== 'http/json')
    throw new Error('OTEL_EXPORTER_OTLP_PROTOCOL must be http/json: traces are sent in no other protocol');
  const name = SAMPLERS.find((known) => known === (sampler ?? 'parentbased_always_on'));
  if (name === undefined) throw new Error(`OTEL_TRACES_SAMPLER must be one of ${SAMPLERS.join(', ')}`);
  const ratio = Number(samplerArg ?? 1);
  if (!(ratio >= 0 && ratio <= 1)) throw new Error('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1');
  return { endpoint: endpoint ?? `${base}/v1/traces`, sampler: name, ratio };
}
