// Which kind of field a line of a mapping is.

import type { FieldSpec } from '../spec.ts';
import type { FieldMaker } from './field.ts';
import { conceptField } from './field-concept.ts';
import { combinedField, isCombined, listField } from './field-list.ts';
import { mapField } from './field-map.ts';
import { membersField } from './field-members.ts';
import { objectField } from './field-object.ts';
import { paragraphsField } from './field-paragraphs.ts';
import { scalarField } from './field-scalar.ts';
import { whetherField } from './field-whether.ts';

/** Compiles a field; an Error says what is wrong with it. */
export const fieldOf: FieldMaker = (name, spec, context) => makerOf(spec)(name, spec, context);

function makerOf(spec: FieldSpec): FieldMaker {
  if (spec.list !== undefined) return membersField(fieldOf);
  if (spec.fields) return objectField(fieldOf);
  if (isCombined(spec)) return combinedField;
  if (spec.as === 'paragraphs') return paragraphsField;
  if (spec.as?.startsWith('keyed')) return mapField;
  if (spec.as === 'is' && !spec.readOnly) return whetherField;
  if (spec.as === 'concept') return conceptField;
  return spec.type === 'string[]' ? listField : scalarField;
}
