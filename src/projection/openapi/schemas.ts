// The schemas of a shape with what a reader wants beside them: where in FHIR each field stands.
import type { Field } from '../lens/field.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Json } from './json.ts';

export const annotatedRequest = ({ shape, lens }: LoadedShape): Json => annotated(shape.requestSchema as Json, lens.fields, shape.resource);

export const annotatedChange = ({ shape, lens }: LoadedShape): Json => annotated(shape.changeSchema as Json, lens.fields, shape.resource);

export const annotatedReplacement = ({ shape, lens }: LoadedShape): Json =>
  annotated(shape.replaceSchema as Json, lens.fields, shape.resource);

export const annotatedResponse = ({ shape, lens }: LoadedShape): Json =>
  annotated(shape.responseSchema as Json, lens.fields, shape.resource);

/** OpenAPI 3.1 speaks the same draft of JSON Schema: it need not be said again. */
function annotated({ $schema: _, properties = {}, ...rest }: Json, fields: Field[], resource: string): Json {
  const noted = Object.entries(properties as Record<string, Json>).map(([name, schema]) => {
    const field = fields.find((one) => one.name === name)!;
    const inner = field.fields
      ? annotated(schema, field.fields, resource)
      : field.members
        ? annotatedItems(schema, field, resource)
        : schema;
    const path = fhirPathOf(field, resource);
    return [name, path === undefined ? inner : { ...inner, 'x-fhir-path': path }] as const;
  });
  return { ...rest, properties: Object.fromEntries(noted) };
}

/** The members of a list: their paths begin at its elements. */
function annotatedItems({ items, ...rest }: Json, { members, spec }: Field, resource: string): Json {
  return { ...rest, items: annotated(items as Json, members!, `${resource}.${spec.list}`) };
}

/** Where a field stands, as FHIRPath from the resource; of several places the first. Undefined: nowhere in the resource. */
export function fhirPathOf({ paths, spec, fields }: Field, resource: string): string | undefined {
  if (fields) return undefined;
  const [main] = paths;
  if (!main) return undefined;
  const text = [spec.fhir ?? spec.list].flat()[0]!;
  return main.variable === undefined ? `${resource}.${main.text}` : text;
}
