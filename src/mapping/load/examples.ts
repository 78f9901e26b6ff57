// Reads the examples of a mapping (`<shape>.examples.yaml`): the vendor's documented requests and responses, and other cases.

import { existsSync } from 'node:fs';
import { toUuidAlias } from '../../fhir/indexing/uuid-alias.ts';
import type { ErrorKind } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Env, JsonSchema, PageInfo, ResponseFacts, View } from '../shape.ts';
import { readYaml, type SourceFile } from './yaml-file.ts';

/** One example. Its keys select the checks that run. */
export interface Example {
  title: string;
  /** The request or the filters are in the vendor's documents: the OpenAPI document shows them first. */
  documented?: boolean;
  env?: Record<string, unknown>;
  /** A create: request → resource → response. `into`: the resource that it updates. `server`: fields that the server sets later. */
  request?: View;
  /** A request with several items, and each item as its own request. */
  several?: View;
  items?: View[];
  into?: Resource;
  resource?: Resource;
  assigned?: { id: string; created?: string; lastUpdated?: string };
  server?: View;
  settled?: Record<string, unknown>;
  /** A read of a resource that a FHIR client made: the whole view, or some fields; `aliases`: field → reference behind the shown id. */
  stored?: Resource;
  response?: View;
  shows?: View;
  /** Whether it is an item of the shape. */
  item?: boolean;
  aliases?: Record<string, string>;
  rows?: Record<string, string>;
  through?: Record<string, View>;
  facts?: ResponseFacts;
  answer?: unknown;
  page?: PageInfo;
  listed?: unknown;
  /** The response of an empty list. */
  none?: unknown;
  /** A change of `stored` (merge or JSON Patch; PUT), the resource it becomes, and fields of its view. */
  change?: View;
  replace?: View;
  /** An action on `stored`; `then` is the response. */
  perform?: View;
  becomes?: Resource;
  then?: View;
  /** A refused change of `stored`; `field`: the field in the error. */
  changeRefused?: unknown;
  /** A valid body that is refused without each field of `without`, and with each value of `refuseEach`. */
  base?: View;
  without?: string[];
  refuseEach?: Record<string, unknown[]>;
  /** A refused body; `field`: the field in the error. */
  refuse?: unknown;
  field?: string | null;
  search?: Record<string, string>;
  query?: string;
  /** Refused query parameters; `kind`: the kind of error, default `parameter`. */
  searchRefused?: Record<string, string>;
  kind?: ErrorKind;
  /** The offered interactions, such as `POST /v1/patients` (mapping-tools/laws/example-checks.ts). */
  offers?: string[];
  /** The vendor's documented JSON Schemas. */
  prints?: Partial<Record<'request' | 'response', JsonSchema>>;
  /** The ids in the query parameters. */
  asks?: { type: string; id: string; missing?: ErrorKind }[];
  /** The vendor's error texts. */
  says?: Record<string, string>;
  same?: boolean;
  of?: [View, View];
  candidates?: string[];
  joins?: string[];
  queries?: string[];
  links?: View;
  linked?: Record<string, unknown>;
  finds?: { id: string; into: View };
  accepts?: {
    field: string;
    request: View;
    id: string | string[];
    missing: ErrorKind;
    yes: Resource[];
    no: Resource[];
    led?: Record<string, Resource>;
  };
  touches?: { on: string; previous: Resource; cases: { next: Resource | null; left: { type: string; id: string }[] }[] };
  indexes?: { parameter: string; resource: Resource; values: unknown[] }[];
}

/** The path of the examples of a mapping: in the same folder. */
export const toExamplesPath = (mappingFile: string): string => mappingFile.replace(/\.yaml$/, '.examples.yaml');

/** The examples of a mapping; throws when the file is missing or not a list. */
export function readExamples(mappingFile: string): SourceFile<Example[]> {
  const file = toExamplesPath(mappingFile);
  if (!existsSync(file)) throw new Error(`${file} is missing: a mapping needs examples`);
  const source = readYaml(file);
  const { content } = source;
  if (!isExampleList<Example>(content)) throw new Error(`${file}:1 the examples are a list: begin each with "- title:"`);
  return { ...source, content };
}

/** Whether a file is a list of examples. The keys of each example are checked when it runs (mapping-tools/laws). */
export const isExampleList = <T>(content: unknown): content is T[] => Array.isArray(content);

/** The time of the examples, unless one has its own. */
export const EXAMPLE_TIME = '2026-01-01T00:00:00.000Z';

/** The server's values in the examples. */
export const buildExampleEnv = (more: Record<string, unknown> = {}): Env => ({
  alias: (type, id) => toUuidAlias(1, type, id),
  now: EXAMPLE_TIME,
  ...more,
});
