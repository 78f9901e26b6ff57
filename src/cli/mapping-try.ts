// `facet mapping try`: converts a body into a FHIR resource and back, or shows the view of a FHIR resource. Nothing is stored.

import { parseJson, stringifyJson } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import { validateResource } from '../fhir/validation/validate.ts';
import type { Field } from '../mapping/lens/field.ts';
import { buildExampleEnv } from '../mapping/load/examples.ts';
import type { LoadedShape } from '../mapping/load/loaded.ts';
import { buildRequestFields } from '../mapping/request/batch-create.ts';
import { readRequestItems } from '../mapping/request/request-items.ts';
import type { View } from '../mapping/shape.ts';
import { compareWithFhirPath, MISSING_ENGINE_NOTE } from '../mapping-tools/laws/fhirpath-comparison.ts';
import { bold, green, red, withArticle } from './terminal.ts';

const ID = '0190b3c2-0000-7000-8000-000000000001';

/** The lines to print, and whether the body was accepted. */
export interface Tried {
  lines: string[];
  taken: boolean;
}

/** Tries a JSON text. `now`: the time of the created resource. */
export function tryBody(loaded: LoadedShape, text: string, now: Date): Tried {
  const { plain, exact } = parseJson(text);
  const isResource = typeof plain === 'object' && plain !== null && 'resourceType' in plain;
  // type assertions: an object with a resourceType is read as a resource; checkRequest checks any other body before it is used as a view
  return isResource ? tryResource(loaded, exact as Resource, now) : tryRequest(loaded, { plain, exact: exact as View }, now);
}

function tryRequest(loaded: LoadedShape, { plain, exact }: { plain: unknown; exact: View }, now: Date): Tried {
  const { shape } = loaded;
  const issues = shape.checkRequest(plain, now.toISOString());
  if (issues.length) return { taken: false, lines: [red('The request is refused'), ...issues.map(({ text }) => `  ${text}`)] };
  const { fields } = loaded.lens;
  const omitted = leftOut(
    [...buildRequestFields(fields, loaded.mapping.content.many), ...fields.filter(({ spec }) => spec.readOnly)],
    exact,
  );
  const unknown = omitted.filter(({ known }) => !known).map(({ at }) => at);
  const readOnlyPaths = omitted.filter(({ known }) => known).map(({ at }) => at);
  const lines = [
    ...(unknown.length
      ? [`Left out, as nothing describes ${unknown.length === 1 ? 'it' : 'them'}: ${[...new Set(unknown)].join(', ')}`]
      : []),
    ...(readOnlyPaths.length
      ? [`Left out, as only answers have ${readOnlyPaths.length === 1 ? 'it' : 'them'}: ${[...new Set(readOnlyPaths)].join(', ')}`]
      : []),
  ];
  return {
    taken: true,
    lines: [...lines, ...(lines.length ? [''] : []), ...readRequestItems(shape, exact).flatMap((item) => itemLines(loaded, item, now))],
  };
}

/** The properties of a body that requests do not have, also inside objects and list members. `known`: the property exists in responses only. */
function leftOut(fields: Field[], body: object, above = ''): { at: string; known: boolean }[] {
  return Object.entries(body).flatMap(([name, value]) => {
    const field = fields.find((field) => field.name === name);
    const at = above + name;
    if (!field || field.spec.readOnly) return [{ at, known: field !== undefined }];
    const inner = field.fields ?? field.members;
    const objects = inner ? [value].flat().filter((item) => typeof item === 'object' && item !== null) : [];
    return objects.flatMap((object) => leftOut(inner!, object, `${at}.`));
  });
}

/** Describes the resource that one item of a request becomes, and its view. */
function itemLines(loaded: LoadedShape, item: View, now: Date): string[] {
  const { shape, mapping } = loaded;
  const row = mapping.content.row;
  const known = buildExampleEnv({ me: ID, patient: ID, now: now.toISOString(), ...(row && { [row.key]: shape.rows!.readKey(item) }) });
  const id = shape.batch?.buildId(item, known) ?? ID;
  const env = { ...known, newId: id };
  const resource: Resource = { ...shape.write(item, undefined, env), id };
  return [
    bold(`The ${shape.resource} it becomes`),
    pretty(resource),
    ...validity(resource),
    '',
    ...shownLines(loaded, resource, { ...env, created: now.toISOString() }, now),
  ];
}

function tryResource(loaded: LoadedShape, resource: Resource, now: Date): Tried {
  const { shape } = loaded;
  if (resource.resourceType !== shape.resource)
    return {
      taken: false,
      lines: [red(`This is ${withArticle(resource.resourceType)}, and ${shape.name} shows ${withArticle(shape.resource)}`)],
    };
  const env = buildExampleEnv({ created: now.toISOString() });
  const keys = shape.rows ? shape.rows.readKeys(resource) : [undefined];
  const items = keys.flatMap((key) => shownLines(loaded, resource, key === undefined ? env : { ...env, [shape.rows!.name]: key }, now));
  return { taken: true, lines: [...validity(resource), '', ...(keys.length ? items : ['It is no item of this shape.'])] };
}

function shownLines(loaded: LoadedShape, stored: Resource, env: ReturnType<typeof buildExampleEnv>, now: Date): string[] {
  const { shape } = loaded;
  const resource = { ...stored, meta: { lastUpdated: now.toISOString(), ...stored.meta } };
  const joined = Object.fromEntries(shape.joins.map(({ name }) => [name, env[name] ?? []]));
  const view = shape.read(resource, { ...env, ...joined });
  const differing = compareWithFhirPath(loaded, JSON.parse(stringifyJson(resource)), { ...env, ...joined });
  return [
    bold(`What ${shape.surface.title} shows of it`),
    pretty(view),
    ...differing.map(red),
    ...(MISSING_ENGINE_NOTE ? [MISSING_ENGINE_NOTE] : []),
  ];
}

function validity(resource: Resource): string[] {
  // type assertion: validateResource reports an unknown type itself
  const issues = validateResource(JSON.parse(stringifyJson(resource)), resource.resourceType as never);
  return issues.length
    ? [red('It is not valid R4:'), ...issues.map(({ text, expression }) => `  ${expression?.[0]}: ${text}`)]
    : [green('It is valid R4.')];
}

/** Indented JSON; numbers keep their digits. */
const pretty = (value: unknown): string => JSON.stringify(JSON.parse(stringifyJson(value), rawNumbers), null, 2);

// type assertion: the library types do not have JSON.rawJSON yet
const rawNumbers = (_key: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' && context?.source !== undefined
    ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context.source)
    : value;
