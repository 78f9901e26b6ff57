// A field for a CodeableConcept, as a text or as an object with system, code and display. A concept with a code is shown as an object, any other as its text.
// A new value replaces the whole concept, since its other codings and its text belonged to the old one.
// https://hl7.org/fhir/R4/datatypes.html#CodeableConcept

import { toRecord, toRecords } from '../../fhir/json-values.ts';
import { NO_CODEC } from './codecs.ts';
import { compileRequiredPaths, type FieldBuilder } from './field.ts';

/** The JSON Schema of a concept in a request, and below in a response. */
export const CONCEPT_REQUEST_SCHEMA = {
  type: ['string', 'object'],
  properties: { system: { type: 'string' }, code: { type: 'string' }, display: { type: 'string' } },
  required: ['code'],
};

export const CONCEPT_RESPONSE_SCHEMA = {
  type: ['string', 'object'],
  properties: { system: { type: ['string', 'null'] }, code: { type: 'string' }, display: { type: ['string', 'null'] } },
  required: ['system', 'code', 'display'],
};

const PART_TYPES = { system: 'uri', code: 'code', display: 'string' };
const PARTS = ['system', 'code', 'display'] as const;

export const buildConceptField: FieldBuilder = (name, spec, context) => {
  const paths = compileRequiredPaths(spec, context);
  const [path] = paths;
  const slot = context.slot(path);
  return {
    name,
    spec,
    keyPath: [...context.keyPath, name],
    codec: NO_CODEC,
    paths,
    writtenPaths: [path],
    toStored: (value) =>
      typeof value === 'string'
        ? [{ type: 'string', value }]
        : listParts(value).map(([part, text]) => ({ type: PART_TYPES[part], value: text })),
    read: ({ slots }) => toShownConcept(slots[slot]![0]),
    assign(value, _now, changes) {
      if (value === undefined) changes[slot] = [];
      else changes[slot] = [typeof value === 'string' ? { text: value } : { coding: [Object.fromEntries(listParts(value))] }];
    },
  };
};

/** The parts of a coding that have a value. */
const listParts = (coding: unknown): [keyof typeof PART_TYPES, unknown][] =>
  PARTS.flatMap((part): [keyof typeof PART_TYPES, unknown][] => {
    const value = toRecord(coding)[part] ?? undefined;
    return value === undefined ? [] : [[part, value]];
  });

function toShownConcept(stored: unknown): unknown {
  const concept = toRecord(stored);
  const codings = toRecords(concept.coding);
  const coded = codings.find(({ code }) => code !== undefined);
  if (coded) return { system: coded.system ?? null, code: coded.code, display: coded.display ?? concept.text ?? null };
  return concept.text ?? codings.find(({ display }) => display !== undefined)?.display ?? undefined;
}
