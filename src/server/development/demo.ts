// The demo data of a first start: a few resources, and a few requests as curl commands. The content is in `mappings/demo.yaml`.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { isServed, type Resource } from '../../fhir/types.ts';
import { explainUnservedType } from '../../fhir/unserved-type.ts';
import type { Context } from '../../interactions/context.ts';
import { update } from '../../interactions/update.ts';
import { readDataFile } from '../data-file.ts';

interface DemoRequest {
  surface: string;
  say: string;
  get?: string;
  post?: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Whether the request reaches the lab network. Its data is invented, so it is printed only when orders go to a sandbox. */
  network?: true;
}

interface Demo {
  resources: Resource[];
  requests: DemoRequest[];
}

export const readDemo = (mappings: string): Demo => readDataFile<Demo>(join(mappings, 'demo.yaml'));

/** Stores the demo resources that were never stored. Changed or deleted ones are left alone. */
export async function seedDemo(context: Context, { resources }: Demo): Promise<void> {
  for (const resource of resources) {
    const type = resource.resourceType;
    if (!isServed(type)) throw new Error(`mappings/demo.yaml: ${explainUnservedType(type)}`);
    if (await context.store.read(context.caller.tenant, type, resource.id!)) continue;
    await update(context, { type, id: resource.id!, draft: { resource, exact: resource } });
  }
}

interface CurlOptions {
  baseUrl: string;
  /** Whether orders go to a sandbox. */
  sandbox: boolean;
  /** Returns the header with a surface's key; undefined: the surface is not served. */
  keyHeader(surface: string): string | undefined;
}

/** The lines to print: for each request a comment, then the command. */
export function buildDemoCurls({ requests }: Demo, { baseUrl, sandbox, keyHeader }: CurlOptions): string[] {
  return requests.flatMap(({ surface, say: title, get, post, headers = {}, body, network }) => {
    const credential = keyHeader(surface);
    if (credential === undefined || (network && !sandbox)) return [];
    const lines = [
      credential,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(body ? ['Content-Type: application/json'] : []),
    ];
    const options = [...lines.map((line) => `-H ${quoteForShell(line)}`), ...(body ? [`-d ${quoteForShell(JSON.stringify(body))}`] : [])];
    return [`# ${surface}: ${title}`, fillPlaceholders(`curl -sS ${quoteForShell(baseUrl + (get ?? post))} ${options.join(' ')}`), ''];
  });
}

/** Quotes one argument of a shell command. */
const quoteForShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const randomText = (letters: string, length: number): string => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');

const fillPlaceholders = (text: string): string =>
  text
    .replaceAll('{digits}', () => `1${randomText('0123456789', 9)}`)
    .replaceAll('{word}', () => randomText('abcdefghijklmnopqrstuvwxyz', 8));
