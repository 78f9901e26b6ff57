// The requests of a walk, from the operations of the OpenAPI documents: each operation with its example path and bodies, and once more with each parameter.
import type { FuzzOperation } from '../../scripts/fuzz/operations.ts';

export interface WalkRequest {
  door: string;
  /** As `toOperationName` names it. */
  operation: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** Values of parameters that the documents describe without an example. Another parameter is sent with the value `example`. */
const VALUES: Record<string, string> = {
  _count: '1',
  _include: '*',
  _revinclude: '*',
  _type: 'Patient,Observation',
  _sort: '-_lastUpdated',
  _total: 'accurate',
  _summary: 'count',
  _elements: 'id',
  _format: 'xml',
  _pretty: 'true',
  _filter: '_id eq example',
  _has: 'Observation:subject:_id=example',
  _since: '2000-01-01T00:00:00Z',
  _at: 'ge2000-01-01',
  _id: 'example',
  _lastUpdated: 'ge2000-01-01',
  count: '1',
  limit: '1',
  start: '2000-01-01',
  end: '2100-01-01',
  from: '1',
  to: '1',
  mode: 'update',
  query: '{ PatientList { id name { family } } }',
  variables: '{}',
  profile: 'http://hl7.org/fhir/StructureDefinition/Patient',
  'if-match': 'W/"1"',
  'if-none-match': 'W/"1"',
  'if-modified-since': 'Wed, 21 Oct 2099 07:28:00 GMT',
  'if-none-exist': '_id=example',
  'idempotency-key': 'walk-1',
  prefer: 'return=representation',
};

/** The operation; those of all types of FHIR have one name. */
export const toOperationName = ({ door, method, path }: Pick<FuzzOperation, 'door' | 'method' | 'path'>): string =>
  `${door} ${method} ${door === 'fhir' ? path.replace(/^\/[A-Z]\w+/, '/:type') : path}`;

type Parameter = FuzzOperation['parameters'][number];

/** A search parameter with a typical type finds every resource that has a value. A reference is the one that the example resources have. */
function toQuery({ name, description = '', example }: Parameter): [name: string, value: string] {
  if (example !== undefined || name in VALUES) return [name, String(example ?? VALUES[name])];
  const target = /^A reference: .* It refers to .*?(\w+)\.$/.exec(description)?.[1];
  if (target) return [name, `${target}/example`];
  return SEARCHED.test(description) ? [`${name}:missing`, 'false'] : [name, 'example'];
}

/** How the FHIR document describes the parameters of a search that find values. */
const SEARCHED = /^(A token|The beginning of|A date:|A number:|A quantity:|A URI|Of kind|Words and)/;

const queryOf = (parameters: [string, string][]): string => (parameters.length ? `?${new URLSearchParams(parameters)}` : '');

const fillPath = ({ prefix, path, parameters }: FuzzOperation): string =>
  prefix +
  path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const example = parameters.find((one) => one.name === name)?.example;
    return encodeURIComponent(String(example ?? (name === 'versionId' ? '1' : 'example')));
  });

/** The requests of one operation. A conditional write of FHIR selects by the id of the example, or by each parameter in turn. */
export function buildRequests(operation: FuzzOperation, { withParameters }: { withParameters: boolean }): WalkRequest[] {
  const { door, method, examples, parameters } = operation;
  const isConditional = door === 'fhir' && /put|patch|delete/.test(method) && !operation.path.includes('{');
  const bodies = listBodies(operation);
  const required = parameters.filter((one) => 'required' in one && one.required);
  const build = (more: Parameter[], [type, text]: Body): WalkRequest => {
    const sent = [...required.filter((one) => !more.includes(one)), ...more];
    const headers = sent.filter((one) => one.in === 'header').map(toQuery);
    const query = sent.filter((one) => one.in === 'query').map(toQuery);
    return {
      door,
      operation: toOperationName(operation),
      method: method.toUpperCase(),
      path: fillPath(operation) + queryOf(isConditional && !more.length ? [['_id', 'example']] : query),
      headers: { ...Object.fromEntries(headers), ...(type && { 'content-type': type }) },
      ...(text !== undefined && { body: text }),
    };
  };
  const plain = bodies.map((body) => build([], body));
  if (!withParameters || (isConditional && examples.length + parameters.length === 0)) return plain;
  const free = parameters.filter((one) => one.in !== 'path' && !required.includes(one));
  return [...plain, ...(isConditional ? [] : free.map((parameter) => build([parameter], bodies[0]!)))];
}

type Body = [mediaType: string | undefined, text: string | undefined];

function listBodies({ examples }: FuzzOperation): Body[] {
  if (!examples.length) return [[undefined, undefined]];
  return examples.map(({ mediaType, value }) => [mediaType, toBody(mediaType, value)]);
}

const toBody = (mediaType: string, value: unknown): string =>
  mediaType === 'application/x-www-form-urlencoded'
    ? String(new URLSearchParams(value as Record<string, string>))
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
