// The mappings as the program loads them, and the examples that stand beside them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { aliasOf } from '../../src/fhir/alias.ts';
import type { Kind } from '../../src/fhir/outcome.ts';
import { loadProfiles } from '../../src/fhir/profiles.ts';
import { buildRegistry } from '../../src/fhir/search-parameters.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { LoadedShape } from '../../src/projection/loaded.ts';
import { loadShapes } from '../../src/projection/mapping.ts';
import type { AnswerFacts, Env, ListFacts, View } from '../../src/projection/shape.ts';

/** One entry of a `*.examples.yaml`; which of these it has says what it shows. */
export interface Example {
  title: string;
  env?: Record<string, unknown>;
  /** What is created: request → resource → response. `into`: the resource it goes into. `server`: what only the server fills in afterwards. */
  request?: View;
  into?: Resource;
  resource?: Resource;
  assigned?: { id: string; created?: string; lastUpdated?: string };
  server?: View;
  settled?: Record<string, unknown>;
  /** What a resource made through FHIR shows: the whole view, some of it, fields with ids by what they stand for. */
  stored?: Resource;
  response?: View;
  shows?: View;
  aliases?: Record<string, string>;
  rows?: Record<string, string>;
  through?: Record<string, View>;
  facts?: AnswerFacts;
  answer?: unknown;
  page?: ListFacts;
  listed?: unknown;
  /** A body that is refused, and the field that is named. */
  refuse?: unknown;
  field?: string | null;
  search?: Record<string, string>;
  query?: string;
  searchRefused?: Record<string, string>;
  same?: boolean;
  of?: [View, View];
  candidates?: string[];
  joins?: string[];
  queries?: string[];
  links?: View;
  linked?: Record<string, unknown>;
  finds?: { id: string; into: View };
  accepts?: { field: string; request: View; id: string; missing: Kind; yes: Resource[]; no: Resource[] };
  touches?: { on: string; previous: Resource; cases: { next: Resource | null; left: { type: string; id: string }[] }[] };
  indexes?: { parameter: string; resource: Resource; values: unknown[] }[];
}

export const profiles = loadProfiles('fhir-profiles');
export const registry = buildRegistry(profiles.searchParameters);
export const { shapes } = loadShapes('mappings', { profiles, registry });

export const nameOf = ({ shape }: LoadedShape): string => `${shape.surface.name}/${shape.name}`;

export function examplesOf(loaded: LoadedShape): Example[] {
  const file = join('mappings', `${nameOf(loaded)}.examples.yaml`);
  if (!existsSync(file)) throw new Error(`${file} is missing: a mapping without examples is a rumour`);
  return parse(readFileSync(file, 'utf8'), { merge: true }) as Example[];
}

/** What the server knows, in these examples. */
export const envOf = (more: Record<string, unknown> = {}): Env => ({ alias: (type, id) => aliasOf(1, type, id), ...more });
