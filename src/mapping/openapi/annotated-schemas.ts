// The schemas of a shape with notes for readers: the FHIR path of each field, and rules in words.

import type { Field } from '../lens/field.ts';
import type { LoadedShape } from '../load/loaded.ts';
import { buildRequestFields } from '../request/batch-create.ts';
import type { JsonSchema } from '../shape.ts';
import type { Json } from './json.ts';

interface AnnotationContext {
  resource: string;
  /** `whole`: a create or PUT; `part`: a PATCH; `answer`: a response, which has no rules of requests. */
  body: 'whole' | 'part' | 'answer';
}

export const annotateRequest = ({ shape, lens, mapping }: LoadedShape): Json =>
  annotate(shape.requestSchema, buildRequestFields(lens.fields, mapping.content.many), { resource: shape.resource, body: 'whole' });

export const annotateChange = ({ shape, lens }: LoadedShape): Json =>
  annotate(shape.changeSchema, lens.fields, { resource: shape.resource, body: 'part' });

export const annotateReplacement = ({ shape, lens }: LoadedShape): Json =>
  annotate(shape.replaceSchema, lens.fields, { resource: shape.resource, body: 'whole' });

export const annotateResponse = ({ shape, lens }: LoadedShape): Json =>
  annotate(shape.responseSchema, lens.fields, { resource: shape.resource, body: 'answer' });

/** Removes `$schema`: OpenAPI 3.1 uses the same draft. */
function annotate({ $schema: _, properties = {}, ...rest }: JsonSchema, fields: Field[], noting: AnnotationContext): Json {
  const annotated = Object.entries(properties).map(([name, schema]) => {
    const field = fields.find((field) => field.name === name)!;
    const inner = field.fields ? annotate(schema, field.fields, noting) : field.members ? annotateMembers(schema, field, noting) : schema;
    return [name, { ...inner, ...buildNotes(field, noting) }] as const;
  });
  const needed = noting.body === 'whole' ? buildNeeds(fields, Object.keys(properties)) : [];
  return { ...rest, properties: Object.fromEntries(annotated), ...(needed.length && { dependentSchemas: Object.fromEntries(needed) }) };
}

/** `needs:` as a schema. Null, blank and false count as missing, which `dependentRequired` cannot express. */
const buildNeeds = (fields: Field[], names: string[]): [name: string, schema: Json][] =>
  fields.flatMap(({ name, spec: { needs } }): [string, Json][] =>
    needs !== undefined && names.includes(name)
      ? [[name, { anyOf: [{ properties: { [name]: { not: HAS_VALUE } } }, { required: [needs], properties: { [needs]: HAS_VALUE } }] }]]
      : [],
  );

/** A value that does not count as missing. */
const HAS_VALUE: Json = { not: { enum: [null, false] }, pattern: '\\S' };

function buildNotes(field: Field, { resource, body }: AnnotationContext): Json {
  const path = findFhirPath(field, resource);
  const { patternMeans, needs } = field.spec;
  const rules = [patternMeans && `Must be ${patternMeans}.`, needs && `Must not be set without ${needs}.`].filter(Boolean);
  return {
    ...(body !== 'answer' && rules.length && { description: rules.join(' ') }),
    ...(path !== undefined && { 'x-fhir-path': path }),
  };
}

/** Annotates the members of a list, whose paths begin at its elements. */
function annotateMembers({ items, ...rest }: JsonSchema, { members, spec }: Field, { resource, body }: AnnotationContext): Json {
  return { ...rest, items: annotate(items || {}, members!, { resource: spec.list ? `${resource}.${spec.list}` : resource, body }) };
}

/** The FHIRPath of a field from the resource (the first of several); undefined: none. */
function findFhirPath({ paths, spec, fields }: Field, resource: string): string | undefined {
  if (fields) return undefined;
  const [main] = paths;
  if (!main) return undefined;
  const text = [spec.fhir ?? spec.list].flat()[0]!;
  return main.variable === undefined ? `${resource}.${main.text}` : text;
}
