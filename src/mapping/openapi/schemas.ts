// The schemas of a shape with what a reader wants beside them: where in FHIR each field stands, and the rules that are said in words.
import type { Field } from '../lens/field.ts';
import type { LoadedShape } from '../load/loaded.ts';
import { requestFields } from '../many.ts';
import type { Json } from './json.ts';

interface Noting {
  resource: string;
  /** `whole`: a body that says all there is; `part`: some fields of what is there; `answer`: what is shown, which keeps no rules of requests. */
  body: 'whole' | 'part' | 'answer';
}

export const annotatedRequest = ({ shape, lens, mapping }: LoadedShape): Json =>
  annotated(shape.requestSchema as Json, requestFields(lens.fields, mapping.content.many), { resource: shape.resource, body: 'whole' });

export const annotatedChange = ({ shape, lens }: LoadedShape): Json =>
  annotated(shape.changeSchema as Json, lens.fields, { resource: shape.resource, body: 'part' });

export const annotatedReplacement = ({ shape, lens }: LoadedShape): Json =>
  annotated(shape.replaceSchema as Json, lens.fields, { resource: shape.resource, body: 'whole' });

export const annotatedResponse = ({ shape, lens }: LoadedShape): Json =>
  annotated(shape.responseSchema as Json, lens.fields, { resource: shape.resource, body: 'answer' });

/** OpenAPI 3.1 speaks the same draft of JSON Schema: it need not be said again. */
function annotated({ $schema: _, properties = {}, ...rest }: Json, fields: Field[], noting: Noting): Json {
  const noted = Object.entries(properties as Record<string, Json>).map(([name, schema]) => {
    const field = fields.find((one) => one.name === name)!;
    const inner = field.fields ? annotated(schema, field.fields, noting) : field.members ? annotatedItems(schema, field, noting) : schema;
    return [name, { ...inner, ...notesOf(field, noting) }] as const;
  });
  const needed = noting.body === 'whole' ? needsIn(fields, Object.keys(properties as object)) : [];
  return { ...rest, properties: Object.fromEntries(noted), ...(needed.length && { dependentSchemas: Object.fromEntries(needed) }) };
}

/** Fields that may not be said without another one. A field that is null, blank or no says nothing: `dependentRequired` would ask only whether it is there. */
const needsIn = (fields: Field[], asked: string[]): [name: string, schema: Json][] =>
  fields.flatMap(({ name, spec: { needs } }): [string, Json][] =>
    needs !== undefined && asked.includes(name)
      ? [[name, { anyOf: [{ properties: { [name]: { not: SAID } } }, { required: [needs], properties: { [needs]: SAID } }] }]]
      : [],
  );

/** A value that says something. */
const SAID: Json = { not: { enum: [null, false] }, pattern: '\\S' };

function notesOf(field: Field, { resource, body }: Noting): Json {
  const path = fhirPathOf(field, resource);
  const { patternMeans, needs } = field.spec;
  const rules = [patternMeans && `Must be ${patternMeans}.`, needs && `May not be said without ${needs}.`].filter(Boolean);
  return {
    ...(body !== 'answer' && rules.length && { description: rules.join(' ') }),
    ...(path !== undefined && { 'x-fhir-path': path }),
  };
}

/** The members of a list: their paths begin at its elements. */
function annotatedItems({ items, ...rest }: Json, { members, spec }: Field, { resource, body }: Noting): Json {
  return { ...rest, items: annotated(items as Json, members!, { resource: spec.list ? `${resource}.${spec.list}` : resource, body }) };
}

/** Where a field stands, as FHIRPath from the resource; of several places the first. Undefined: nowhere in the resource. */
function fhirPathOf({ paths, spec, fields }: Field, resource: string): string | undefined {
  if (fields) return undefined;
  const [main] = paths;
  if (!main) return undefined;
  const text = [spec.fhir ?? spec.list].flat()[0]!;
  return main.variable === undefined ? `${resource}.${main.text}` : text;
}
