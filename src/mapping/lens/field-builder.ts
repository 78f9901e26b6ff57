// Compiles a field of a mapping: picks its kind, and builds objects from their fields.
import type { FieldSpec } from '../spec.ts';
import { NO_CODEC } from './codecs.ts';
import type { Field, FieldBuilder } from './field.ts';
import { buildConceptField } from './field-concept.ts';
import { buildCombinedField, buildListField, buildParagraphsField, isCombined } from './field-list.ts';
import { buildMapField } from './field-map.ts';
import { buildObjectListField } from './field-object-list.ts';
import { buildPresenceField, buildScalarField } from './field-scalar.ts';
import { toUnsetValue } from './lens-read.ts';

/** Compiles a field; throws when it is wrong. */
export const buildField: FieldBuilder = (name, spec, context) => pickBuilder(spec)(name, spec, context);

function pickBuilder(spec: FieldSpec): FieldBuilder {
  if (spec.list !== undefined) return buildObjectListField(buildField);
  if (spec.fields) return buildObjectField(buildField);
  if (isCombined(spec)) return buildCombinedField;
  if (spec.as === 'paragraphs') return buildParagraphsField;
  if (spec.as?.startsWith('keyed')) return buildMapField;
  if (spec.as === 'is' && !spec.readOnly) return buildPresenceField;
  if (spec.as === 'concept') return buildConceptField;
  return spec.type === 'string[]' ? buildListField : buildScalarField;
}

/** Builds an object. With `at: $this` only the vendor has the object, and its fields are in the enclosing FHIR element. */
const buildObjectField =
  (fieldOf: FieldBuilder): FieldBuilder =>
  (name, spec, context) => {
    const { below: above, ...rest } = context;
    const parentPath = [above ?? [], spec.at === '$this' ? [] : spec.at!].flat().join('.');
    const inner = { ...rest, keyPath: [...context.keyPath, name], ...(parentPath !== '' && { below: parentPath }) };
    const shownOnly = spec.readOnly ? { readOnly: true } : {};
    const fields = Object.entries(spec.fields!).flatMap(([own, field]): Field[] =>
      context.compileField([...inner.keyPath, own], () => fieldOf(own, { ...field, ...shownOnly }, inner)),
    );
    return {
      name,
      spec,
      keyPath: inner.keyPath,
      fields,
      codec: NO_CODEC,
      paths: [],
      writtenPaths: [],
      toStored: () => [],
      read(now) {
        const values = fields.map((field) => [field, field.read(now)] as const);
        if (values.every(([, value]) => value === undefined)) return undefined;
        return Object.fromEntries(values.map(([field, value]) => [field.name, value ?? toUnsetValue(field.spec)]));
      },
      assign() {
        throw new Error(`${name}: an object cannot be written as one value`);
      },
    };
  };
