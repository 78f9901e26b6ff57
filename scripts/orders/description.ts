// What is wrong with an exchange by an OpenAPI 3.1 description: a path, a parameter or a body that it does not know.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Exchange } from './recorder.ts';

type Json = Record<string, unknown>;
interface Operation {
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}
export interface Description {
  paths: Record<string, Record<string, Operation>>;
  /** As paths are, by the type of the event. */
  webhooks?: Record<string, Record<string, Operation>>;
  components: Json;
}

/** `faults`: sentences, each about an element and a rule. `operation`: as the description names it; undefined: it does not know it. */
export interface Judged {
  operation: string | undefined;
  faults: string[];
}

export function judge(description: Description): (exchange: Exchange) => Judged {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  (addFormats as unknown as (of: Ajv2020) => void)(ajv);
  ajv.addSchema({ $id: 'http://description/', components: description.components });
  const compiled = new Map<object, ValidateFunction>();
  const check = (place: string, schema: object, value: unknown): string[] => {
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"http://description/#/components')) as object;
    const validate = compiled.get(schema) ?? ajv.compile(absolute);
    compiled.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const named = 'additionalProperty' in params ? ` ${params.additionalProperty}` : '';
      return `${place}${instancePath.replace(/\/\d+/g, '/*')}: ${message}${named}`;
    });
  };
  const routes = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      matches: new RegExp(`^${path.replace(/[.*]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`),
      operation,
    })),
  );
  return ({ method, url, requestBody, status, type, answered }) => {
    const route = routes.find((route) => route.method === method && route.matches.test(url.pathname));
    if (!route) return { operation: undefined, faults: [`${method} ${url.pathname}: no such operation`] };
    const { operation, name } = route;
    const parameters = new Map((operation.parameters ?? []).filter((rule) => rule.in === 'query').map((rule) => [rule.name, rule.schema]));
    const query = [...url.searchParams].flatMap(([key, value]) => {
      const schema = parameters.get(key);
      if (!schema) return [`query ${key}: not known`];
      return check(`query ${key}`, schema, /^\d+$/.test(value) && ['page', 'size'].includes(key) ? Number(value) : value);
    });
    const requestSchema = operation.requestBody?.content['application/json']?.schema;
    const body =
      requestBody === undefined
        ? requestSchema
          ? ['request: a body is missing']
          : []
        : requestSchema
          ? check('request', requestSchema, requestBody)
          : ['request: no body is expected'];
    const response = operation.responses[String(status)];
    const schema = response?.content?.[type.split(';')[0]!]?.schema;
    const answer = response
      ? schema && type.includes('json')
        ? check(`${status}`, schema, answered)
        : []
      : [`${status} is not described`];
    return { operation: name, faults: [...query, ...body, ...answer] };
  };
}
