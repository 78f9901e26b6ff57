// The examples that stand beside a mapping (`<shape>.examples.yaml`): the vendor's own requests and responses, and what else must be so.
import { existsSync } from 'node:fs';
import { toUuidAlias } from '../../fhir/indexing/uuid-alias.ts';
import type { ErrorKind } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { JsonSchema } from '../request/json-schema.ts';
import type { Env, PageInfo, ResponseFacts, View } from '../shape.ts';
import { readYaml, type SourceFile } from './yaml-file.ts';

/** One entry of the file; which of these it has says what it shows. */
export interface Example {
  title: string;
  env?: Record<string, unknown>;
  /** What is created: request → resource → response. `into`: the resource it goes into. `server`: what only the server fills in afterwards. */
  request?: View;
  /** A request of several items, and each as the request for one would say it. */
  several?: View;
  items?: View[];
  into?: Resource;
  resource?: Resource;
  assigned?: { id: string; created?: string; lastUpdated?: string };
  server?: View;
  settled?: Record<string, unknown>;
  /** What a resource made through FHIR shows: the whole view, some of it, fields with ids by what they stand for. */
  stored?: Resource;
  response?: View;
  shows?: View;
  /** Whether it is an item of the shape at all (`belongs`). */
  item?: boolean;
  aliases?: Record<string, string>;
  rows?: Record<string, string>;
  through?: Record<string, View>;
  facts?: ResponseFacts;
  answer?: unknown;
  page?: PageInfo;
  listed?: unknown;
  /** What is answered where a list finds nothing. */
  none?: unknown;
  /** What a change of `stored` asks for (some fields, or operations; a whole body), the resource it becomes, what of it is shown then. */
  change?: View;
  replace?: View;
  /** What a request that performs something on `stored` says; `then` is in the form it is answered in. */
  perform?: View;
  becomes?: Resource;
  then?: View;
  /** A change of `stored` that is refused, and the field that is named. */
  changeRefused?: unknown;
  /** A body that is admitted; without each of these fields, and with each of these values in place of its own, it is refused for that field. */
  base?: View;
  without?: string[];
  refuseEach?: Record<string, unknown[]>;
  /** A body that is refused, and the field that is named. */
  refuse?: unknown;
  field?: string | null;
  search?: Record<string, string>;
  query?: string;
  /** Parameters that are refused; `kind`: the kind of failure, where it is not `parameter`. */
  searchRefused?: Record<string, string>;
  kind?: ErrorKind;
  /** What is offered, as `POST /v1/patients` and the like: see OFFERS. */
  offers?: string[];
  /** The JSON Schemas of request and item as the vendor prints them. */
  prints?: Partial<Record<'request' | 'response', JsonSchema>>;
  /** The ids a search asks for. */
  asks?: { type: string; id: string; missing?: ErrorKind }[];
  /** The vendor's own texts. */
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

/** The file with the examples of a mapping, beside it. */
export const toExamplesPath = (mappingFile: string): string => mappingFile.replace(/\.yaml$/, '.examples.yaml');

/** The examples of a mapping, with their places; a file that is missing or no list is an Error. */
export function readExamples(mappingFile: string): SourceFile<Example[]> {
  const file = toExamplesPath(mappingFile);
  if (!existsSync(file)) throw new Error(`${file} is missing: a mapping without examples is a rumour`);
  const source = readYaml<Example[]>(file);
  if (!Array.isArray(source.content)) throw new Error(`${file}:1 the examples are a list: begin each with "- title:"`);
  return source;
}

/** When the examples happen, unless one says otherwise. */
export const EXAMPLE_TIME = '2026-01-01T00:00:00.000Z';

/** What the server knows, in the examples. */
export const buildExampleEnv = (more: Record<string, unknown> = {}): Env => ({
  alias: (type, id) => toUuidAlias(1, type, id),
  now: EXAMPLE_TIME,
  ...more,
});
