// Builds the files of a new shape from a sample of its JSON: a mapping with a guess for each property, a surface for a new vendor, and a first example.

import { stringify } from 'yaml';
import { toRecord } from '../../fhir/json-values.ts';
import { ERROR_KINDS } from '../../fhir/outcome.ts';
import { buildExampleEnv } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { View } from '../../mapping/shape.ts';
import type { FieldSpec } from '../../mapping/spec.ts';
import { type Guess, guessField, normalizeName } from './guess.ts';

/** The names and the sample of a new shape. */
interface ScaffoldInput {
  vendor: string;
  shape: string;
  sample: Record<string, unknown>;
  /** The FHIR type; undefined: guessed from the names in the sample. */
  resource?: string | undefined;
}

interface Scaffold {
  resource: string;
  mapping: string;
  surface: string;
  /** The properties with a path, and below those without one. */
  mapped: string[];
  unplaced: string[];
}

/** The texts of the files. */
export function buildScaffold({ vendor, shape, sample, resource = guessResource(sample) }: ScaffoldInput): Scaffold {
  const taken = new Set<string>();
  const rows = Object.entries(sample).map(([name, value]) => ({ name, guess: omitTaken(guessField(resource, name, value), taken) }));
  const mapped = rows.filter(({ guess }) => guess).map(({ name }) => name);
  const aliases: Record<string, string> = Object.assign({}, ...rows.map(({ guess }) => guess?.aliases ?? {}));
  const isThere = mapped.some((name) => name === 'id');
  const fields = [...(isThere ? [] : [{ name: 'id', guess: { spec: { fhir: 'id', readOnly: true } } }]), ...rows];
  const width = Math.max(...fields.map(({ name }) => name.length)) + 1;
  const lines = fields.map(({ name, guess }) => {
    const key = `${quoteKey(name)}:`.padEnd(width + 1);
    if (guess) return `  ${key} ${toFlowYaml(guess.spec)}${guess.note ? `   # ${guess.note}` : ''}`;
    return `  # ${key} { fhir: … }   # no guess: find its element in https://hl7.org/fhir/R4/${resource.toLowerCase()}.html, or give it an extension`;
  });
  return {
    resource,
    mapping: buildMappingText({ shape, resource, lines }),
    surface: buildSurfaceText(vendor, aliases),
    mapped,
    unplaced: rows.flatMap(({ name, guess }) => (guess ? listUnplacedInside(name, guess.spec, sample[name]) : [name])),
  };
}

/** Removes paths that another property has already: two fields must not write one element. */
function omitTaken(guess: Guess | undefined, taken: Set<string>, at = ''): Guess | undefined {
  if (!guess) return undefined;
  const { fields, fhir } = guess.spec;
  if (!fields) {
    const place = `${at} ${fhir}`;
    return taken.has(place) ? undefined : taken.add(place) && guess;
  }
  const inside = guess.spec.at === '$this' ? at : `${at} ${guess.spec.at}`;
  const remaining = Object.entries(fields).filter(([, spec]) => omitTaken({ spec }, taken, inside));
  return remaining.length ? { ...guess, spec: { ...guess.spec, fields: Object.fromEntries(remaining) } } : undefined;
}

/** The properties of an object that have no path. */
const listUnplacedInside = (name: string, { fields }: FieldSpec, value: unknown): string[] =>
  fields ? Object.keys(toRecord(value)).flatMap((inner) => (inner in fields ? [] : [`${name}.${inner}`])) : [];

/** Guesses the FHIR type from the property names of a sample. */
function guessResource(sample: Record<string, unknown>): string {
  const names = Object.keys(sample).map(normalizeName);
  const has = (...any: string[]): boolean => any.some((name) => names.includes(name));
  if (has('npi', 'npinumber', 'specialty', 'credentials', 'licensenumber', 'licence')) return 'Practitioner';
  return has('latitude', 'longitude', 'openinghours') ? 'Location' : 'Patient';
}

const quoteKey = (name: string): string => (/^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name));

const toFlowYaml = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true })
    .trim()
    .replace(/\s*\n\s*/g, ' ');

const toPlural = (shape: string): string =>
  shape.endsWith('s') ? `${shape}es` : shape.endsWith('y') ? `${shape.slice(0, -1)}ies` : `${shape}s`;

/** For editors with a YAML language server: where a development server publishes the grammar. https://github.com/redhat-developer/yaml-language-server#using-inlined-schema */
const toSchemaHint = (kind: string): string => `# yaml-language-server: $schema=http://localhost:3000/schemas/${kind}.json\n`;

const buildMappingText = ({
  shape,
  resource,
  lines,
}: {
  shape: string;
  resource: string;
  lines: string[];
}): string => `${toSchemaHint('mapping')}# POST, GET /v1/${toPlural(shape)} and GET /{id}. Begun by "facet mapping new" from a sample: look at every line, then "facet mapping check".
resource: ${resource}
path: /v1/${toPlural(shape)}
plural: ${toPlural(shape).replaceAll('-', '_')}
interactions: [create, read, search]

fields:
${lines.join('\n')}

sort: -_id                                    # newest first: ids of this server begin with the time
`;

const buildSurfaceText = (
  vendor: string,
  aliases: Record<string, string>,
): string => `${toSchemaHint('surface')}# What all shapes of ${vendor} have in common. Begun by "facet mapping new": put in the vendor's own envelope, codes and limits.
title: ${vendor}
order: 9                                      # the order in which surfaces are tried when a request matches several
hosts: [api.${vendor}.example]
auth:  { scheme: bearer, header: authorization, prefix: ${vendor.replaceAll('-', '_')}_test_ }

systems: ${toFlowYaml(aliases)}                     # %aliases; each must be defined in fhir-profiles/

envelope:
  item:  $body                                # no envelope
  list:  { $plural: $items, total: $total }
  error: { error: $code, message: $message }

errors:                                       # the status and code of every kind of error
${Object.entries(ERROR_KINDS)
  .map(([kind, { status }]) => `  ${`${kind}:`.padEnd(18)}{ status: ${status}, code: ${kind.replaceAll('-', '_')} }`)
  .join('\n')}

page: { size: limit, offset: offset, default: 20, max: 100, maxOffset: 1000000, clamp: false, total: true }   # or number: page, or cursor: cursor, for offset:
rateLimit: null
`;

const ID = '0190b3c2-0000-7000-8000-000000000001';
const TIME = '2026-01-01T00:00:00.000Z';

/** The text of an examples file. */
export function buildFirstExample({ shape }: LoadedShape, sample: View): string {
  const request = shape.pickKnownFields(sample);
  const resource = shape.write(request, undefined, buildExampleEnv({ newId: ID, now: TIME }));
  const assigned = { id: ID, created: TIME, lastUpdated: TIME };
  const saved = { ...resource, id: ID, meta: { ...resource.meta, lastUpdated: TIME } };
  const response = shape.read(saved, buildExampleEnv({ created: TIME }));
  const example = { title: 'as the sample has it', request, resource, assigned, response };
  const note =
    '# Created by the mapping: check that the resource is what the sample means. "facet mapping check" lists the missing examples.\n';
  return note + stringify([example], { lineWidth: 0 });
}
