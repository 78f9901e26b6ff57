// `facet mapping try`: a body and the FHIR resource it becomes, and back; or a FHIR resource and what is shown of it. Nothing is stored.
import { parse, stringify } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import { validate } from '../fhir/validation/validate.ts';
import { envOf } from '../projection/laws/example.ts';
import { agreesWithFhirPath } from '../projection/laws/fhirpath-oracle.ts';
import type { LoadedShape } from '../projection/load/loaded.ts';
import type { View } from '../projection/shape.ts';
import { bold, green, red, withArticle } from './columns.ts';

const ID = '0190b3c2-0000-7000-8000-000000000001';

/** Lines to print, and whether the body was taken. */
export interface Tried {
  lines: string[];
  taken: boolean;
}

/** Tries a text of JSON. `now`: the time that is given to what is made. */
export function tryBody(loaded: LoadedShape, text: string, now: Date): Tried {
  const { plain, exact } = parse(text);
  const isResource = typeof plain === 'object' && plain !== null && 'resourceType' in plain;
  return isResource ? tryResource(loaded, exact as Resource, now) : tryRequest(loaded, { plain, exact: exact as View }, now);
}

function tryRequest(loaded: LoadedShape, { plain, exact }: { plain: unknown; exact: View }, now: Date): Tried {
  const { shape, mapping } = loaded;
  const issues = shape.check(plain, now.toISOString());
  if (issues.length) return { taken: false, lines: [red('The request is refused'), ...issues.map(({ text }) => `  ${text}`)] };
  const known = shape.known(exact);
  const row = mapping.content.row;
  const env = envOf({ newId: ID, now: now.toISOString(), ...(row && { [row.key]: shape.rows!.of(known) }) });
  const resource: Resource = { ...shape.write(known, undefined, env), id: ID };
  const dropped = Object.keys(exact).filter((name) => !(name in known));
  return {
    taken: true,
    lines: [
      ...(dropped.length ? [`Left out, as nothing describes ${dropped.length === 1 ? 'it' : 'them'}: ${dropped.join(', ')}`, ''] : []),
      bold(`The ${shape.resource} it becomes`),
      pretty(resource),
      ...validity(resource),
      '',
      ...shownLines(loaded, resource, { ...env, created: now.toISOString() }, now),
    ],
  };
}

function tryResource(loaded: LoadedShape, resource: Resource, now: Date): Tried {
  const { shape } = loaded;
  if (resource.resourceType !== shape.resource)
    return {
      taken: false,
      lines: [red(`This is ${withArticle(resource.resourceType)}, and ${shape.name} shows ${withArticle(shape.resource)}`)],
    };
  const env = envOf({ created: now.toISOString() });
  const keys = shape.rows ? shape.rows.keys(resource) : [undefined];
  const items = keys.flatMap((key) => shownLines(loaded, resource, key === undefined ? env : { ...env, [shape.rows!.name]: key }, now));
  return { taken: true, lines: [...validity(resource), '', ...(keys.length ? items : ['It is no item of this shape.'])] };
}

function shownLines(loaded: LoadedShape, given: Resource, env: ReturnType<typeof envOf>, now: Date): string[] {
  const { shape } = loaded;
  const resource = { ...given, meta: { lastUpdated: now.toISOString(), ...given.meta } };
  const joined = Object.fromEntries(shape.joins.map(({ name }) => [name, env[name] ?? []]));
  const view = shape.read(resource, { ...env, ...joined });
  const differing = agreesWithFhirPath(loaded, JSON.parse(stringify(resource)), { ...env, ...joined });
  return [bold(`What ${shape.surface.title} shows of it`), pretty(view), ...differing.map(red)];
}

function validity(resource: Resource): string[] {
  const issues = validate(JSON.parse(stringify(resource)), resource.resourceType as never);
  return issues.length
    ? [red('It is not valid R4:'), ...issues.map(({ text, expression }) => `  ${expression?.[0]}: ${text}`)]
    : [green('It is valid R4.')];
}

/** Indented, digits as they were written. */
const pretty = (value: unknown): string => JSON.stringify(JSON.parse(stringify(value), rawNumbers), null, 2);

const rawNumbers = (_key: string, value: unknown, context?: { source?: string }): unknown =>
  typeof value === 'number' && context?.source !== undefined
    ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context.source)
    : value;
